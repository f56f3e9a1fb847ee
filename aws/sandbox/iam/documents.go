package iam

import (
	"sync"

	"lifeboat/aws/sandbox/policy"
)

// mostDocuments is how many parsed policies are remembered.
const mostDocuments = 1000

// documents remembers what policies say by their text: a service that acts as a role asks the same few of them for every object it touches. It
// is safe for concurrent use; the documents it gives are shared.
type documents struct {
	mu   sync.Mutex
	read map[string]policy.Document
}

func (d *documents) parse(text string) (policy.Document, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if known, there := d.read[text]; there {
		return known, nil
	}
	document, err := policy.Parse(text)
	if err != nil {
		return document, err
	}
	if len(d.read) >= mostDocuments || d.read == nil {
		d.read = map[string]policy.Document{}
	}
	d.read[text] = document
	return document, nil
}
