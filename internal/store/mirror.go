package store

// stamp is what the version guard knows of a mirrored row.
type stamp struct {
	updated, asked int64
	hash           int64 // of the row's content
}

func (s stamp) before(o stamp) bool {
	return s.updated < o.updated || s.updated == o.updated && s.asked < o.asked
}

// content is a row as it would be written: its values in column order, the key first, and its stamp.
type content struct {
	values []any
	stamp  stamp
}

// newContent stamps values; room for the three version columns should be left in their capacity.
func newContent(v Version, values []any) content {
	return content{values, stamp{nanos(v.UpdatedAt), nanos(v.AskedAt), fingerprint(values[1:])}}
}

// row is the content with the version columns that end every mirror table.
func (c content) row() []any { return append(c.values, c.stamp.updated, c.stamp.asked, c.stamp.hash) }

// touch is the key and version of a row whose content is as stored.
func (c content) touch() []any { return []any{c.values[0], c.stamp.updated, c.stamp.asked} }

const versionColumns = ", updated_at bigint, asked_at bigint, hash bigint"

// newTouch makes the batch that moves the version of unchanged rows.
func newTouch(table, kind string) batch {
	return newBatch("id "+kind+", updated_at bigint, asked_at bigint",
		"UPDATE "+table+" SET updated_at = $3, asked_at = $4 WHERE account = $1 AND id = $2",
		"UPDATE "+table+" SET updated_at = u.updated_at, asked_at = u.asked_at FROM ROWS WHERE "+table+".account = $1 AND "+table+".id = u.id")
}

// sifted says what becomes of the rows of one write, by their index.
type sifted struct {
	write [][]any // rows to write whole
	wrote []int   // their indexes
	touch [][]any // rows whose version moves
	Applied
}

// sift is the version guard: of several rows with one key the greatest version stands, and it applies only if it is
// greater than the stored one.
func sift[K comparable](rows []content, stored func(K) (stamp, bool)) sifted {
	out := sifted{Applied: Applied{Rows: len(rows)}}
	best := make(map[K]int, len(rows))
	for i, r := range rows {
		k := r.values[0].(K)
		if j, ok := best[k]; !ok || rows[j].stamp.before(r.stamp) {
			best[k] = i
		}
	}
	for i, r := range rows {
		k := r.values[0].(K)
		old, known := stored(k)
		switch {
		case best[k] != i, known && !old.before(r.stamp):
			out.Stale++
		case known && old.hash == r.stamp.hash:
			out.touch = append(out.touch, r.touch())
		default:
			out.write = append(out.write, r.row())
			out.wrote = append(out.wrote, i)
		}
	}
	out.Changed = len(out.write)
	return out
}
