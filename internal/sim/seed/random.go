package seed

// random is a splitmix64 generator: a row's randomness depends on the seed, the table and the index alone.
type random uint64

func (a *Account) random(table, i uint64) random {
	r := random(a.Seed*0x9E3779B97F4A7C15 ^ table<<56 ^ i*0xD1B54A32D192ED03)
	r.next()
	return r
}

func (r *random) next() uint64 {
	*r += 0x9E3779B97F4A7C15
	z := uint64(*r)
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

// below returns a number of [0, n).
func (r *random) below(n int) int {
	if n <= 1 {
		return 0
	}
	return int(r.next() >> 1 % uint64(n))
}

// chance is true in percent of the cases.
func (r *random) chance(percent int) bool { return r.below(100) < percent }
