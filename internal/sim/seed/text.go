package seed

import (
	"strings"
)

// TextMarker begins every ticket description of the seed: where it turns up, ticket text has leaked.
const TextMarker = "Hello support team,"

// corpus is one long text from which descriptions are cut without copying.
type corpus struct {
	text       string
	paragraphs []int // where they start
	ends       []int // where sentences end
}

var openings = []string{
	"I am writing about the order that I placed last week", "our warehouse received the parcel this morning",
	"since the latest update the dashboard no longer loads", "the invoice for this month shows a wrong amount",
	"I cannot sign in with the link from your e-mail", "two of our colleagues have lost access to the workspace",
	"the export that we schedule every night is empty", "could you explain how the new billing period works",
	"the replacement unit shows the same fault as the first one", "we would like to add forty seats before the end of the quarter",
}

var remarks = []string{
	"We have already restarted everything and cleared the cache, without any change.", "The error says \"unexpected token <\" and nothing else.",
	"It worked until Tuesday.", "A screenshot is attached below.", "Please let me know which details you need from our side.",
	"Our finance department needs an answer before the books are closed.", "The tracking page has shown the same state for nine days now.",
	"Das gleiche Problem hatten wir schon im März – damals half ein Neustart.", "Nous attendons toujours le remboursement promis.",
	"The address on file is correct, I have checked it twice.", "Steps to repeat: open Settings > Billing, choose \"Annual\", press Save.",
	"Path: C:\\Program Files\\Client\\logs\\today.txt", "We pay for the premium plan & expect an answer within the hour.",
	"\tat com.example.billing.Invoice.render(Invoice.java:212)", "前回と同じ症状です。よろしくお願いします。", "Thanks a lot 🙏",
	"The serial number is on the bottom of the device, next to the power socket.", "If a refund is easier for you, that is fine too.",
}

func newCorpus(seed uint64) corpus {
	a := Account{Seed: seed}
	r := a.random(9, 0)
	var b strings.Builder
	c := corpus{}
	for range 240 {
		c.paragraphs = append(c.paragraphs, b.Len())
		b.WriteString(TextMarker + "\n\n" + openings[r.below(len(openings))] + ".")
		for n := 4 + r.below(8); n > 0; n-- {
			b.WriteString(" " + remarks[r.below(len(remarks))])
			c.ends = append(c.ends, b.Len())
		}
		b.WriteString("\n\n")
	}
	c.text = b.String()
	return c
}

// description cuts a text of 300 to 900 bytes.
func (c *corpus) description(r *random) string {
	start := c.paragraphs[r.below(len(c.paragraphs)-8)]
	want := start + 300 + r.below(500)
	lo, hi := 0, len(c.ends)
	for lo < hi {
		mid := (lo + hi) / 2
		if c.ends[mid] < want {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return c.text[start:c.ends[lo]]
}

var subjects = []string{
	"Parcel not delivered", "Cannot sign in", "Wrong amount on invoice", "Refund for a cancelled order", "Dashboard does not load",
	"Question about seats", "Export is empty", "Damaged on arrival", "Change of billing address", "How do I cancel?",
	"API answers 500", "Rückfrage zur Rechnung", "Problème de livraison", "配送について", "RE: [Ticket] \"Urgent\" <please read>",
	"Feature request: dark mode", "Login loop after password change", "Missing item in order", "Invoice in PDF, please", "Voucher code rejected",
}

var ratingComments = []string{
	"", "", "Quick and friendly, thank you!", "Solved at the first try", "Took too long", "The answer did not help", "Très bien 👍", "Had to ask twice",
}
