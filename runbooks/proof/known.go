package proof

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"fmt"
)

// differences is how many differing units are named; the others are counted.
const differences = 3

// head stands at the beginning of known data, for people: whose it is, what it is, and which unit of its kind.
func head(run, text, unit string, number int) string {
	return fmt.Sprintf("lifeboat known data\nrun   %s\ntext  %s\n%-5s %d\n", run, text, unit, number)
}

// keystream gives n bytes that are made from a head, and cannot be told from noise.
func keystream(head []byte, n int) []byte {
	key := sha256.Sum256(head)
	block, _ := aes.NewCipher(key[:]) // 32 bytes are always a key
	out := make([]byte, n)
	cipher.NewCTR(block, make([]byte, aes.BlockSize)).XORKeyStream(out, out)
	return out
}

// inPlace says what data holds in the place of what was written there.
func inPlace(data []byte, run, text, unit string, number int) string {
	if bytes.HasPrefix(data, []byte(head(run, text, unit, number))) {
		return "holds other bytes behind its head than were written"
	}
	return "holds " + describe(data, run, unit, number)
}

// describe says what data is: the text in the head of known data, with the run and the unit it was written for where those are
// others; or nothing known.
func describe(data []byte, run, unit string, number int) string {
	lines := bytes.SplitN(data[:min(len(data), 512)], []byte("\n"), 5)
	if len(lines) != 5 || string(lines[0]) != "lifeboat known data" {
		return "data that no run of lifeboat wrote"
	}
	whose, text, which := trim(lines[1], "run"), trim(lines[2], "text"), trim(lines[3], unit)
	says := fmt.Sprintf("%q", text)
	if whose != run {
		says += " of run " + whose
	}
	if which != fmt.Sprint(number) {
		says += " of " + unit + " " + which
	}
	return says
}

func trim(line []byte, name string) string {
	return string(bytes.TrimSpace(bytes.TrimPrefix(line, []byte(name))))
}
