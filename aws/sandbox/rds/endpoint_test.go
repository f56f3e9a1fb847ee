package rds

import (
	"fmt"
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"

	"lifeboat/aws/sandbox/try"
)

// reachable says whether somebody listens at a port.
func reachable(port int32) bool {
	c, err := net.DialTimeout("tcp", net.JoinHostPort(host, fmt.Sprint(port)), time.Second)
	if err == nil {
		c.Close()
	}
	return err == nil
}

func TestAPortIsTheNamesOwn(t *testing.T) {
	dir := t.TempDir()
	w := kept(t, dir)
	first := *w.make("db").Endpoint.Port
	if want := preferred(doorKey(mine, home, doorInstance, "db")); int(first) != want && reachable(int32(want)) == false {
		t.Errorf("it is at %d and prefers %d, which is free", first, want)
	}
	if !reachable(first) {
		t.Error("nobody listens")
	}
	try.Must(w.DeleteDBInstance(here, &rds.DeleteDBInstanceInput{DBInstanceIdentifier: aws.String("db"), SkipFinalSnapshot: aws.Bool(true)}))
	if reachable(first) {
		t.Error("somebody listens for what is deleted")
	}
	w.gone(here, "db")
	if again := *w.make("db").Endpoint.Port; again != first {
		t.Errorf("the next of that name is at %d, not %d", again, first)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if reachable(first) {
		t.Error("somebody listens after the end")
	}
	restarted := kept(t, image(t, dir))
	if !reachable(first) {
		t.Error("nobody listens after a restart")
	}
	if again := *restarted.show(here, "db").Endpoint.Port; again != first {
		t.Errorf("after a restart it is at %d, not %d", again, first)
	}
}

func TestAPortThatIsTakenIsGivenUp(t *testing.T) {
	w := newGround(t, "", Options{})
	want := preferred(doorKey(mine, home, doorInstance, "db"))
	l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(want)))
	if err != nil {
		t.Skip("somebody else has the port: ", err)
	}
	defer l.Close()
	if got := *w.make("db").Endpoint.Port; int(got) == want || !reachable(got) {
		t.Errorf("it is at %d", got)
	}
	l.Close()
	try.Must(w.RebootDBInstance(here, &rds.RebootDBInstanceInput{DBInstanceIdentifier: aws.String("db")}))
	if got := *w.until(here, "db", available).Endpoint.Port; int(got) == want {
		t.Error("the port it was moved to does not stay")
	}
}

// TestListensAsSoonAsItIsAvailable lets time jump with nobody asking: the address is there all the same.
func TestListensAsSoonAsItIsAvailable(t *testing.T) {
	w := newGround(t, "", Options{})
	try.Must(w.CreateDBInstance(here, request("db")))
	w.Pass(time.Hour)
	for range 3 { // the third is taken when what the first asked for is done
		w.doors.stir <- struct{}{}
	}
	if d := w.door("db"); d.port == 0 || !reachable(int32(d.port)) {
		t.Errorf("nobody listens: %+v", d)
	}
}
