package rds

import (
	"strings"
	"testing"

	"lifeboat/aws/sandbox/store"
)

// The password stands in its secret as it is, character for character.
func TestSecretHoldsThePasswordAsItIs(t *testing.T) {
	w := newGround(t, "", Options{})
	for range 50 {
		var i Instance
		w.Store.Update(func(tx *store.Tx) error { i = Instance{Master: "captain", Password: newPassword(tx)}; return nil })
		if text := i.secretValue(); text != `{"username":"captain","password":"`+i.Password+`"}` || strings.ContainsAny(i.Password, `"\ /@'`) {
			t.Fatalf("the secret of %s is %s", i.Password, text)
		}
	}
}
