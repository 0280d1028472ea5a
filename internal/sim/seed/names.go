package seed

import (
	"fmt"
	"strings"
)

var firstNames = [...]string{
	"Adaline", "Bastian", "Coraline", "Dragomir", "Eloise", "Florentin", "Gwendolyn", "Henrike", "Ignatius", "Josefina",
	"Kasimir", "Leocadia", "Maximilian", "Nikolina", "Oswaldo", "Philippa", "Quirin", "Rosalind", "Severin", "Theodora",
	"Ulrike", "Valentina", "Wilhelmina", "Xiomara", "Yolanda", "Zacharias", "Anneliese", "Benedikt", "Clementine", "Dietmar",
	"Évelyne", "Françoise", "Günther", "Håkon", "Iñaki", "Jürgen", "Katarína", "Łucja", "Małgorzata", "Øyvind",
}

var lastNames = [...]string{
	"Abernathy", "Baumgartner", "Castellanos", "Dombrowski", "Eichelberger", "Fitzwilliam", "Grabowski", "Hollingsworth",
	"Ivanovska", "Jorgensen", "Kowalczyk", "Lindqvist", "Montgomery", "Nakashima", "Oppenheimer", "Papadopoulos",
	"Quintanilla", "Rasmussen", "Schwarzkopf", "Thistlewood", "Underhill", "Vandenberghe", "Wojciechowski", "Ximenes",
	"Yamaguchi", "Zimmermann", "Achterberg", "Bellefontaine", "Cruickshank", "D'Arcangelo", "Etcheverry", "Fernández-Ruiz",
	"van der Heijden", "Guðmundsdóttir", "Hernández", "Müller-Lüdenscheidt", "O'Shaughnessy", "Strömberg", "Škvorecký", "Żeromski",
}

// name is the name of user i: most people have one first and one last name.
func (a *Account) name(i int, k Kind) string {
	r := a.random(2, uint64(i))
	first, last := firstNames[r.below(len(firstNames))], lastNames[r.below(len(lastNames))]
	switch k {
	case UnicodeName:
		return "Þórdís Ångström-Čapek"
	case CJKName:
		return "欧陽詠詩"
	case OneWordName:
		return "Xanthippe"
	case LongName:
		return string([]rune(strings.Repeat("Bartholomäus Karl-Theodor ", 10))[:250])
	case SpacedName:
		return "  " + first + "   Maria\t" + last + " "
	case NameIsEmail:
		return a.email(i, k)
	case RightToLeftName:
		return "نور الهدى"
	case EmojiName:
		return first + " 🦊 " + last
	case MarkupName:
		return `<b>` + first + `</b> "Ace" ` + last + "\nJr. & Co. \\ {{ticket.id}}"
	case DuplicateName:
		return "Wilhelmina Thistlewood"
	case MessagingOnly:
		return fmt.Sprintf("Web User %024x", r.next())
	case MailerDaemon:
		return "Mail Delivery System"
	case DeletedForever:
		return "Permanently Deleted User"
	}
	return first + " " + last
}

// local is the local part of an ordinary address: ASCII, unique by its number.
func (a *Account) local(i int) string {
	r := a.random(2, uint64(i))
	first, last := firstNames[r.below(len(firstNames))], lastNames[r.below(len(lastNames))]
	return ascii(first) + "." + ascii(last) + itoa(i)
}

// ascii keeps the letters a-z of s, in lower case.
func ascii(s string) string {
	b := make([]byte, 0, len(s))
	for _, c := range []byte(s) {
		if c |= 0x20; c >= 'a' && c <= 'z' {
			b = append(b, c)
		}
	}
	return string(b)
}

var mailDomains = [...]string{"example.com", "example.org", "example.net", "mail.example.com", "shop.example.org"}

// email is the primary address of user i, or nothing.
func (a *Account) email(i int, k Kind) string {
	domain := mailDomains[i%len(mailDomains)]
	switch k {
	case NoEmail, NoEmailNoPhone, DeletedForever, MergeLoser, SuspendedNoEmail, MessagingOnly:
		return ""
	case MixedCaseEmail:
		return "Mixed.CASE" + itoa(i) + "@Example.COM"
	case MailerDaemon:
		return "MAILER-DAEMON@mx" + itoa(i) + ".example.com"
	case NoReply:
		return "noreply@n" + itoa(i) + ".example.com"
	case NoReplyDash:
		return "no-reply@n" + itoa(i) + ".example.com"
	case Postmaster:
		return "postmaster@n" + itoa(i) + ".example.com"
	case PlusEmail:
		return a.local(i) + "+zendesk=tag@" + domain
	case InvalidEmail:
		return a.local(i) + "@intranet"
	}
	return a.local(i) + "@" + domain
}

var usAreas = [...]string{"212", "206", "303", "312", "415", "512", "617", "702", "801", "919"}

// usNumber is the n-th of 7,800,000 valid numbers of ten digits; none has an exchange that ends in 11 or is 555.
func usNumber(n int) string {
	exchange := 230 + n/100_000%70
	if exchange%100 == 11 {
		exchange = 777
	}
	return usAreas[n%10] + itoa(exchange) + pad(n/10%10_000, 4)
}

// phone is the phone of user i as Zendesk keeps it, or nothing.
func (a *Account) phone(i int, k Kind) string {
	us := usNumber(i)
	switch k {
	case NoEmailNoPhone, DeletedForever, MergeLoser, MessagingOnly:
		return ""
	case NationalPhone:
		return "(" + us[:3] + ") " + us[3:6] + "-" + us[6:]
	case NationalPhoneUK:
		return "020 7946 " + pad(i%10_000, 4)
	case InvalidPhone:
		return "ask for reception"
	case ShortPhone:
		return "+1 555"
	case PhoneExtension:
		return "+1 " + us[:3] + "-" + us[3:6] + "-" + us[6:] + " x123"
	case DuplicatePhoneB:
		return "+1" + usNumber(i-1)
	case DuplicatePhoneC:
		us = usNumber(i - 2)
		return "+1 (" + us[:3] + ") " + us[3:6] + " " + us[6:]
	case SharedAndDouble:
		return "+1" + usNumber(i-(i%kindBlock)+5) // the SharedPhone number of its block
	case NoEmail, SharedPhone, DuplicatePhoneA, FullFields, SuspendedNoEmail:
		return "+1" + us
	}
	r := a.random(3, uint64(i))
	switch n := r.below(100); {
	case n < 40:
		return "+1" + us
	case n < 50:
		return "+336" + pad(10_000_000+i, 8)
	case n < 58:
		return "+447400" + pad(i%1_000_000, 6)
	}
	return ""
}

func itoa(i int) string { return pad(i, 1) }

// pad writes a number that is not negative with at least width digits.
func pad(i, width int) string {
	var b [20]byte
	p := len(b)
	for i > 0 || len(b)-p < width {
		p--
		b[p] = byte('0' + i%10)
		i /= 10
	}
	return string(b[p:])
}
