package rds

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"lifeboat/aws/sandbox/store"
)

// A backup file begins with a line that names the format and a line of JSON, backupHeader; what follows is the payload, gzip where the header
// says so. A full backup's payload is the database as one SQLite file. A differential one's is the size of a page and the size of the file
// (big-endian, 4 and 8 bytes), then each page that is not as in the full backup: its number from 0 (4 bytes) and its bytes. Of several files
// each has a piece of the payload, in the order of their numbers.
const backupFormat = "LIFEBOAT SQL SERVER BACKUP 1\n"

type backupHeader struct {
	Backup     string    `json:"backup"`         // its id
	Base       string    `json:"base,omitempty"` // of a differential one: the full backup's id
	Kind       string    `json:"kind"`           // FULL, DIFFERENTIAL
	Database   string    `json:"database"`
	Moment     time.Time `json:"moment"` // what it holds was so then
	File       int       `json:"file"`   // from 1
	Files      int       `json:"files"`
	Size       int64     `json:"size"` // bytes of the database
	Compressed bool      `json:"compressed,omitempty"`
	KMSKey     string    `json:"kms_key,omitempty"` // the key that must be given to restore it
}

// keptFile is a file in the store's content.
type keptFile struct {
	Chunks []string
	Size   int64
}

// fileChunk is how much of a file is one content: as the bucket has it, so that it is there once.
const fileChunk = 1 << 20

func keepFile(blobs *store.Blobs, file []byte) (keptFile, error) {
	kept := keptFile{Size: int64(len(file))}
	for len(file) > 0 {
		n := min(fileChunk, len(file))
		hash, err := blobs.Put(file[:n])
		if err != nil {
			return kept, err
		}
		kept.Chunks, file = append(kept.Chunks, hash), file[n:]
	}
	return kept, nil
}

func readFile(blobs *store.Blobs, kept keptFile) ([]byte, error) {
	file := make([]byte, 0, kept.Size)
	for _, hash := range kept.Chunks {
		chunk, err := blobs.Get(hash)
		if err != nil {
			return nil, err
		}
		file = append(file, chunk...)
	}
	return file, nil
}

// packBackup writes the files of a backup.
func packBackup(h backupHeader, payload []byte) ([][]byte, error) {
	if h.Compressed {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		if _, err := z.Write(payload); err != nil {
			return nil, err
		}
		if err := z.Close(); err != nil {
			return nil, err
		}
		payload = b.Bytes()
	}
	files := make([][]byte, h.Files)
	piece := (len(payload) + h.Files - 1) / h.Files
	for n := range files {
		h.File = n + 1
		line, err := json.Marshal(h)
		if err != nil {
			return nil, err
		}
		cut := min(piece, len(payload))
		files[n] = append(append(append([]byte(backupFormat), line...), '\n'), payload[:cut]...)
		payload = payload[cut:]
	}
	return files, nil
}

// errNotBackup is the answer to a file that no restore can read, or not this one.
var errNotBackup = raise("Please reissue task with correct type and overwrite property")

func openBackup(file []byte) (h backupHeader, payload []byte, err error) {
	rest, ours := bytes.CutPrefix(file, []byte(backupFormat))
	line, payload, whole := bytes.Cut(rest, []byte("\n"))
	if !ours || !whole || json.Unmarshal(line, &h) != nil || h.File < 1 || h.File > h.Files {
		return h, nil, errNotBackup
	}
	return h, payload, nil
}

// unpackBackup reads the files of a backup, in whatever order they come, and gives the header of the first.
func unpackBackup(files [][]byte) (first backupHeader, payload []byte, err error) {
	var pieces [][]byte
	for _, file := range files {
		h, piece, err := openBackup(file)
		if err != nil {
			return h, nil, err
		}
		if pieces == nil {
			first, pieces = h, make([][]byte, h.Files)
		}
		if h.Backup != first.Backup || pieces[h.File-1] != nil {
			return h, nil, errNotBackup
		}
		pieces[h.File-1] = piece
	}
	if len(files) == 0 || len(files) != len(pieces) {
		return first, nil, errNotBackup
	}
	payload = bytes.Join(pieces, nil)
	if first.Compressed {
		z, err := gzip.NewReader(bytes.NewReader(payload))
		if err != nil {
			return first, nil, errNotBackup
		}
		if payload, err = io.ReadAll(z); err != nil {
			return first, nil, errNotBackup
		}
	}
	return first, payload, nil
}

// pageSize is the size of a page of a SQLite file (sqlite.org/fileformat2.html, 1.3.2).
func pageSize(file []byte) (int, error) {
	if len(file) < 100 {
		return 0, fmt.Errorf("a database of %d bytes has no header", len(file))
	}
	size := int(binary.BigEndian.Uint16(file[16:]))
	if size == 1 {
		size = 64 << 10
	}
	if size < 512 || len(file)%size != 0 {
		return 0, fmt.Errorf("a database of %d bytes has no pages of %d", len(file), size)
	}
	return size, nil
}

// difference is the payload of a differential backup: the pages of now that are not as in full.
func difference(full, now []byte) ([]byte, error) {
	size, err := pageSize(now)
	if err != nil {
		return nil, err
	}
	out := binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(nil, uint32(size)), uint64(len(now)))
	for at := 0; at < len(now); at += size {
		page := now[at : at+size]
		if at+size <= len(full) && bytes.Equal(full[at:at+size], page) {
			continue
		}
		out = append(binary.BigEndian.AppendUint32(out, uint32(at/size)), page...)
	}
	return out, nil
}

// together is the database that a full and a differential backup make.
func together(full, difference []byte) ([]byte, error) {
	if len(difference) < 12 {
		return nil, errNotBackup
	}
	size, length := int(binary.BigEndian.Uint32(difference)), int(binary.BigEndian.Uint64(difference[4:]))
	if difference = difference[12:]; size < 512 || len(difference)%(4+size) != 0 {
		return nil, errNotBackup
	}
	file := make([]byte, length)
	copy(file, full)
	for ; len(difference) > 0; difference = difference[4+size:] {
		at := int(binary.BigEndian.Uint32(difference)) * size
		if at+size > length {
			return nil, errNotBackup
		}
		copy(file[at:], difference[4:4+size])
	}
	return file, nil
}
