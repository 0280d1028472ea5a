package seed

import (
	"cmp"
	"iter"
	"slices"
	"sync"
)

// Position is a place in a table's export order: rows are ordered by the second in which they last moved, then by id.
type Position struct {
	At int64 // Unix seconds
	ID int64
}

func (p Position) compare(q Position) int {
	return cmp.Or(cmp.Compare(p.At, q.At), cmp.Compare(p.ID, q.ID))
}

// source computes the rows that a table begins with.
type source[T any] struct {
	n     int
	first int64
	step  int64
	fill  func(i int, row *T)
	moved func(i int) int64 // Unix second of row i in the export order
	id    func(*T) int64
	live  func(*T) bool
	born  func(i int) bool // whether computed row i is live, without computing it
}

// Table holds the rows of one kind in two orders, by id and by last move. It is safe for concurrent use.
type Table[T any] struct {
	source[T]
	mu       sync.RWMutex
	changed  map[int64]*T
	added    []int64 // ids of rows that were put later, ascending
	sorted   sync.Once
	base     []Position // of the computed rows, sorted
	tail     []Position // of changed rows, sorted, all later than base
	movedTo  map[int64]int64
	counted  sync.Once
	liveRows int
}

func newTable[T any](s source[T]) *Table[T] {
	return &Table[T]{source: s, changed: map[int64]*T{}, movedTo: map[int64]int64{}}
}

func (t *Table[T]) idAt(i int) int64 { return t.first + int64(i)*t.step }

func (t *Table[T]) index(id int64) (int, bool) {
	d := id - t.first
	if d < 0 || d%t.step != 0 || d/t.step >= int64(t.n) {
		return 0, false
	}
	return int(d / t.step), true
}

// Len is the number of rows, deleted ones included.
func (t *Table[T]) Len() int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.n + len(t.added)
}

// Live is the number of rows that are not deleted.
func (t *Table[T]) Live() int {
	t.counted.Do(t.count)
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.liveRows
}

// count counts the live rows once, before the first change; Put keeps the number right from then on.
func (t *Table[T]) count() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range t.n {
		if t.born(i) {
			t.liveRows++
		}
	}
}

// at returns row i of the id order; buf holds a computed one. The caller holds a lock.
func (t *Table[T]) at(i int, buf *T) *T {
	id := int64(0)
	if i < t.n {
		id = t.idAt(i)
	} else {
		id = t.added[i-t.n]
	}
	if row, ok := t.changed[id]; ok {
		return row
	}
	t.fill(i, buf)
	return buf
}

// Get returns the row with that id.
func (t *Table[T]) Get(id int64) (T, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.get(id)
}

func (t *Table[T]) get(id int64) (row T, ok bool) {
	if p, ok := t.changed[id]; ok {
		return *p, true
	}
	i, ok := t.index(id)
	if ok {
		t.fill(i, &row)
	}
	return row, ok
}

// All yields every row in order of id, deleted ones included.
func (t *Table[T]) All() iter.Seq[T] {
	return func(yield func(T) bool) {
		t.EachAfter(0, func(row *T) bool { return yield(*row) })
	}
}

// EachAfter visits the rows with a greater id, in order of id, until visit returns false. The row is valid during the
// visit only, and visit must not call the table.
func (t *Table[T]) EachAfter(id int64, visit func(row *T) bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	i := 0
	if id >= t.first {
		i = min(int((id-t.first)/t.step)+1, t.n)
	}
	if i == t.n {
		j, _ := slices.BinarySearch(t.added, id+1)
		i += j
	}
	var buf T
	for ; i < t.n+len(t.added); i++ {
		if !visit(t.at(i, &buf)) {
			return
		}
	}
}

// EachMovedAfter visits the rows whose position is greater than p, in export order, each once, at its present
// position. The rules of EachAfter apply.
func (t *Table[T]) EachMovedAfter(p Position, visit func(at Position, row *T) bool) {
	t.sorted.Do(t.sort)
	t.mu.RLock()
	defer t.mu.RUnlock()
	var buf T
	for _, line := range [][]Position{t.base, t.tail} {
		i, _ := slices.BinarySearchFunc(line, p, Position.compare)
		for ; i < len(line); i++ {
			q := line[i]
			if q == p {
				continue
			}
			if at, ok := t.movedTo[q.ID]; ok && at != q.At {
				continue // it has moved on
			}
			row := &buf
			if c, ok := t.changed[q.ID]; ok {
				row = c
			} else if i, ok := t.index(q.ID); ok {
				t.fill(i, row)
			}
			if !visit(q, row) {
				return
			}
		}
	}
}

// sort orders the computed rows, once, when the first export is asked for.
func (t *Table[T]) sort() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.base = make([]Position, t.n)
	for i := range t.base {
		t.base[i] = Position{t.moved(i), t.idAt(i)}
	}
	slices.SortFunc(t.base, Position.compare)
}

// Put stores a changed or new row and moves it to second at of the export order; a second before the newest row's is
// raised to it, for exports never go back. It returns the second.
func (t *Table[T]) Put(row T, at int64) int64 {
	t.sorted.Do(t.sort)
	t.counted.Do(t.count)
	t.mu.Lock()
	defer t.mu.Unlock()
	id := t.id(&row)
	old, known := t.get(id)
	if known && t.live(&old) {
		t.liveRows--
	}
	if t.live(&row) {
		t.liveRows++
	}
	if !known {
		j, _ := slices.BinarySearch(t.added, id)
		t.added = slices.Insert(t.added, j, id)
	}
	t.changed[id] = &row
	return t.move(id, at)
}

func (t *Table[T]) move(id, at int64) int64 {
	if n := len(t.tail); n > 0 {
		at = max(at, t.tail[n-1].At)
	} else if n := len(t.base); n > 0 {
		at = max(at, t.base[n-1].At+1)
	}
	if t.movedTo[id] == at {
		return at
	}
	t.movedTo[id] = at
	p := Position{at, id}
	i, _ := slices.BinarySearchFunc(t.tail, p, Position.compare)
	t.tail = slices.Insert(t.tail, i, p)
	return at
}

// NextID returns an id that no row has.
func (t *Table[T]) NextID() int64 {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if n := len(t.added); n > 0 {
		return t.added[n-1] + t.step
	}
	return t.idAt(t.n)
}
