package rds

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"lifeboat/aws/sandbox/try"
)

// A client of the cluster's endpoint and one of an instance's see the same rows; when the writer is gone the endpoint answers for the
// next one, and a restored cluster gives the rows of then.
func TestAClientOfACluster(t *testing.T) {
	w := newGround(t, "", Options{})
	w.makeCluster("lab")
	first, second := w.join("lab", "first", 1), w.join("lab", "second", 1)
	endpoint := func(id string) types.DBInstance {
		c := must(t, func() (types.DBCluster, error) { return w.showCluster(id) })
		return types.DBInstance{Endpoint: &types.Endpoint{Address: c.Endpoint, Port: c.Port}, MasterUsername: c.MasterUsername}
	}
	writer := w.client(t, endpoint("lab"))
	exec(t, writer, clientTable, "insert into marker (id, text) values (1, 'one')")
	for _, i := range []types.DBInstance{first, second} {
		if got := texts(t, w.client(t, i), "select text from marker"); !slices.Equal(got, []string{"one"}) {
			t.Errorf("at %s there is %v", *i.DBInstanceIdentifier, got)
		}
	}
	w.clusterSnap("lab", "s")
	exec(t, writer, "insert into marker (id, text) values (2, 'two')")
	w.leaves("first")
	if got := texts(t, w.client(t, endpoint("lab")), "select text from marker order by id"); !slices.Equal(got, []string{"one", "two"}) {
		t.Errorf("after the writer is gone there is %v", got)
	}
	try.Must(w.RestoreDBClusterFromSnapshot(here, &rds.RestoreDBClusterFromSnapshotInput{DBClusterIdentifier: aws.String("back"), SnapshotIdentifier: aws.String("s"), Engine: aws.String("aurora-postgresql")}))
	w.clusterIs("back", available)
	w.join("back", "third", 1)
	if got := texts(t, w.client(t, endpoint("back")), "select text from marker"); !slices.Equal(got, []string{"one"}) {
		t.Errorf("what came back is %v", got)
	}
	if _, err := dial(t.Context(), endpoint("back"), "wrong", "postgres"); err == nil {
		t.Error("a wrong password lets in")
	}
	try.Must(w.ModifyDBCluster(here, &rds.ModifyDBClusterInput{DBClusterIdentifier: aws.String("back"), MasterUserPassword: aws.String("battery-staple"), ApplyImmediately: aws.Bool(true)}))
	w.clusterIs("back", available)
	c, err := dial(t.Context(), endpoint("back"), "battery-staple", "postgres")
	if err != nil {
		t.Fatal(err)
	}
	c.Close(t.Context())
}
