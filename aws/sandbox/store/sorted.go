package store

import "sort"

// chunkSize is how many entries of a sorted map are moved at most for one that is put in.
const chunkSize = 512

// sorted is a map that knows its keys in order: entries in chunks, chunks in order. The zero value is empty.
type sorted[V any] struct {
	chunks [][]entry[V]
	size   int
}

type entry[V any] struct {
	key   string
	value V
}

// find gives the chunk and the place in it where key is or would be.
func (s *sorted[V]) find(key string) (chunk, place int, there bool) {
	// The last chunk whose first key is not beyond key.
	chunk = max(sort.Search(len(s.chunks), func(i int) bool { return s.chunks[i][0].key > key })-1, 0)
	if chunk >= len(s.chunks) {
		return 0, 0, false
	}
	c := s.chunks[chunk]
	place = sort.Search(len(c), func(i int) bool { return c[i].key >= key })
	return chunk, place, place < len(c) && c[place].key == key
}

func (s *sorted[V]) get(key string) (v V, there bool) {
	c, p, there := s.find(key)
	if there {
		v = s.chunks[c][p].value
	}
	return v, there
}

func (s *sorted[V]) put(key string, v V) {
	c, p, there := s.find(key)
	switch {
	case there:
		s.chunks[c][p].value = v
		return
	case len(s.chunks) == 0:
		s.chunks = append(s.chunks, []entry[V]{{key, v}})
	default:
		full := append(s.chunks[c], entry[V]{})
		copy(full[p+1:], full[p:])
		full[p] = entry[V]{key, v}
		s.chunks[c] = full
		if len(full) >= chunkSize {
			s.split(c)
		}
	}
	s.size++
}

func (s *sorted[V]) split(c int) {
	whole := s.chunks[c]
	half := len(whole) / 2
	s.chunks = append(s.chunks, nil)
	copy(s.chunks[c+2:], s.chunks[c+1:])
	s.chunks[c] = append([]entry[V](nil), whole[:half]...)
	s.chunks[c+1] = append([]entry[V](nil), whole[half:]...)
}

func (s *sorted[V]) remove(key string) {
	c, p, there := s.find(key)
	if !there {
		return
	}
	s.size--
	rest := append(s.chunks[c][:p], s.chunks[c][p+1:]...)
	s.chunks[c][len(rest)] = entry[V]{} // let go of the value
	if s.chunks[c] = rest; len(rest) == 0 {
		s.chunks = append(s.chunks[:c], s.chunks[c+1:]...)
	}
}

// from calls fn for the keys from key on, in order, until it says false.
func (s *sorted[V]) from(key string, fn func(key string, v V) bool) {
	c, p, _ := s.find(key)
	for ; c < len(s.chunks); c, p = c+1, 0 {
		for _, e := range s.chunks[c][min(p, len(s.chunks[c])):] {
			if !fn(e.key, e.value) {
				return
			}
		}
	}
}
