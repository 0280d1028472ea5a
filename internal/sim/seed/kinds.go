package seed

// Kind names an awkward sort of user. Users repeat in blocks of 200; the first users of every block are one of each
// kind, so that even a small account has them all.
type Kind string

// The kinds of users, in the order in which they stand in a block. Ordinary is everybody else.
const (
	Owner             Kind = "owner" // the account's owner in the first block, other administrators in the rest
	Agent             Kind = "agent"
	Admin             Kind = "admin"
	NoEmail           Kind = "no-email" // phone only
	NoEmailNoPhone    Kind = "no-email-no-phone"
	SharedPhone       Kind = "shared-phone"
	NationalPhone     Kind = "national-phone" // as in (415) 234-0005
	NationalPhoneUK   Kind = "national-phone-uk"
	InvalidPhone      Kind = "invalid-phone" // words
	ShortPhone        Kind = "short-phone"   // +1 555
	PhoneExtension    Kind = "phone-extension"
	DuplicatePhoneA   Kind = "duplicate-phone-older" // the oldest holder of the number
	DuplicatePhoneB   Kind = "duplicate-phone-newer" // the same number
	DuplicatePhoneC   Kind = "duplicate-phone-third" // the same number written differently
	Suspended         Kind = "suspended"
	SoftDeleted       Kind = "soft-deleted"
	DeletedForever    Kind = "permanently-deleted"
	MergeLoser        Kind = "merge-loser"  // merged into the MergeWinner of its block
	MergeWinner       Kind = "merge-winner" // carries the loser's address as a further identity
	UnicodeName       Kind = "unicode-name"
	CJKName           Kind = "cjk-name" // one word
	OneWordName       Kind = "one-word-name"
	LongName          Kind = "long-name" // 250 characters
	MixedCaseEmail    Kind = "mixed-case-email"
	MailerDaemon      Kind = "mailer-daemon"
	NoReply           Kind = "noreply"
	NoReplyDash       Kind = "no-reply"
	Postmaster        Kind = "postmaster"
	Tagged            Kind = "tagged"
	OrganizationGone  Kind = "organization-deleted" // its organization has deleted_at
	SpacedName        Kind = "spaced-name"          // spaces around and within
	NameIsEmail       Kind = "name-is-email"
	RightToLeftName   Kind = "rtl-name"
	EmojiName         Kind = "emoji-name"
	MarkupName        Kind = "markup-name" // quotes, angle brackets, a line break
	PlusEmail         Kind = "plus-email"
	InvalidEmail      Kind = "invalid-email" // Zendesk keeps it, Brevo refuses it: no dot in the domain
	Unverified        Kind = "unverified"
	ManyTags          Kind = "many-tags"
	FullFields        Kind = "full-fields"  // every custom field set, unicode text included
	EmptyFields       Kind = "empty-fields" // every custom field null
	SharedAndDouble   Kind = "shared-duplicate-phone"
	NoOrganization    Kind = "no-organization"
	SuspendedNoEmail  Kind = "suspended-no-email"
	SuspendedAgent    Kind = "suspended-agent"
	MessagingOnly     Kind = "messaging-only" // made by a messaging channel: no address, generated name
	DuplicateName     Kind = "duplicate-name" // every one of them has the same name
	ExternalIDOnly    Kind = "external-id"    // has an external id in mixed case
	SameSecond        Kind = "same-second"    // moved in one second with the next user
	SameSecondPartner Kind = "same-second-partner"
	Ordinary          Kind = "ordinary"
)

const kindBlock = 200

var kinds = [...]Kind{
	Owner, Agent, Admin, NoEmail, NoEmailNoPhone, SharedPhone, NationalPhone, NationalPhoneUK, InvalidPhone, ShortPhone,
	PhoneExtension, DuplicatePhoneA, DuplicatePhoneB, DuplicatePhoneC, Suspended, SoftDeleted, DeletedForever, MergeLoser,
	MergeWinner, UnicodeName, CJKName, OneWordName, LongName, MixedCaseEmail, MailerDaemon, NoReply, NoReplyDash,
	Postmaster, Tagged, OrganizationGone, SpacedName, NameIsEmail, RightToLeftName, EmojiName, MarkupName, PlusEmail,
	InvalidEmail, Unverified, ManyTags, FullFields, EmptyFields, SharedAndDouble, NoOrganization, SuspendedNoEmail,
	SuspendedAgent, MessagingOnly, DuplicateName, ExternalIDOnly, SameSecond, SameSecondPartner,
}

const (
	slotAgent  = 1
	slotLoser  = 17
	slotWinner = 18
)

func kindAt(i int) Kind {
	if s := i % kindBlock; s < len(kinds) {
		return kinds[s]
	}
	return Ordinary
}

// KindOf returns the kind of the user with that id as the seed made it; users created later are ordinary.
func (a *Account) KindOf(id int64) Kind {
	if i, ok := a.Users.index(id); ok {
		return kindAt(i)
	}
	return Ordinary
}

// UsersOf returns the ids of the users of one kind, ascending.
func (a *Account) UsersOf(k Kind) []int64 {
	var ids []int64
	for i := range a.Size.Users {
		if kindAt(i) == k {
			ids = append(ids, a.Users.idAt(i))
		}
	}
	return ids
}
