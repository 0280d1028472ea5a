package mapping

import "strings"

// Attributes with rules of their own.
const (
	FirstName = "FIRSTNAME" // logical: Rename gives it the account's own name
	LastName  = "LASTNAME"  // logical: Rename gives it the account's own name
	SMS       = "SMS"
	WhatsApp  = "WHATSAPP"
	Landline  = "LANDLINE_NUMBER"
)

// nameAttributes are the attributes that hold first and last name in Brevo accounts, by the language in which the account
// was opened. The API reference names only the English pair; the others are what accounts in these languages show.
var nameAttributes = []struct{ language, first, last string }{
	{"en", FirstName, LastName},
	{"fr", "PRENOM", "NOM"},
	{"de", "VORNAME", "NACHNAME"},
	{"es", "NOMBRE", "APELLIDOS"},
	{"es", "NOMBRE", "APELLIDO"},
	{"it", "NOME", "COGNOME"},
	{"pt", "NOME", "SOBRENOME"},
	{"pt", "NOME", "APELIDO"},
	{"nl", "VOORNAAM", "ACHTERNAAM"},
	{"en", "NAME", "SURNAME"},
}

// NamesIn tells what FIRSTNAME and LASTNAME are called in an account with the given attributes: the first pair of the
// table that the account has whole. An account with both FIRSTNAME and LASTNAME, or with no known pair, keeps these two
// (the map is empty); half a pair proves nothing, because NOM or NAME alone may hold anything.
func NamesIn(attributeNames []string) map[string]string {
	has := make(map[string]bool, len(attributeNames))
	for _, name := range attributeNames {
		has[strings.ToUpper(strings.TrimSpace(name))] = true
	}
	for _, pair := range nameAttributes {
		if !has[pair.first] || !has[pair.last] {
			continue
		}
		if pair.first == FirstName {
			return map[string]string{}
		}
		return map[string]string{FirstName: pair.first, LastName: pair.last}
	}
	return map[string]string{}
}

// holdsName reports whether Brevo accounts use the attribute for a first or last name.
func holdsName(attribute string) bool {
	for _, pair := range nameAttributes {
		if attribute == pair.first || attribute == pair.last {
			return true
		}
	}
	return false
}
