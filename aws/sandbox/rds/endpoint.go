package rds

import (
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"net"
	"strconv"
	"sync"

	"lifeboat/aws/sandbox/database"
	"lifeboat/aws/sandbox/database/postgres"
	tds "lifeboat/aws/sandbox/database/sqlserver"
	"lifeboat/aws/sandbox/store"
)

// host is the address of every endpoint. On AWS each has a name of its own; here each name has a port of its own.
const host = "127.0.0.1"

// editions are those of SQL Server, by engine; another engine speaks the protocol of PostgreSQL.
var editions = map[string]string{"sqlserver-ex": "Express", "sqlserver-web": "Web", "sqlserver-se": "Standard", "sqlserver-ee": "Enterprise"}

// Kinds of doors: an instance's, a cluster's writer and its readers.
const (
	doorInstance = "db"
	doorWriter   = "cluster"
	doorReader   = "cluster-ro"
)

// door is an address one can connect to, while it serves.
type door struct {
	account, region, kind, name string // whose it is; the port belongs to these four
	resource                    string // of the data
	instance                    string // resource id of the instance that answers
	boot                        int    // another one ends the sessions
	engine, version             string
	master                      string
	port                        int
}

func doorKey(account, region, kind, name string) string { return row(account, region, kind+"/"+name) }

func (d door) key() string { return doorKey(d.account, d.region, d.kind, d.name) }

// address is the port of a name. It stays when the instance of that name goes, as a DNS name does: who comes next under the
// name is reached at the same address.
type address struct{ Port int }

// Ports are taken from this range, which is below those that systems hand out to clients.
const (
	firstPort = 20000
	ports     = 12000
)

// preferred is the port a name would like, the same in every sandbox.
func preferred(key string) int {
	h := fnv.New32a()
	h.Write([]byte(key))
	return firstPort + int(h.Sum32()%ports)
}

// port is the port of a name, which has one from here on: the one it had, else the first from its preferred one on that no
// other name has and free does not refuse.
func (s *Service) port(tx *store.Tx, key string, free func(port int) bool) (int, error) {
	if a, ok := s.addresses.Get(tx, key); ok && free(a.Port) {
		return a.Port, nil
	}
	taken := map[int]bool{}
	s.addresses.Scan(tx, "", func(other string, a address) bool { taken[a.Port] = other != key; return true })
	port := preferred(key)
	for range ports {
		if !taken[port] && free(port) {
			s.addresses.Put(tx, key, address{port})
			return port, nil
		}
		if port++; port == firstPort+ports {
			port = firstPort
		}
	}
	return 0, fmt.Errorf("a port for %s: all of %d to %d are taken", key, firstPort, firstPort+ports-1)
}

// addressed gives a name its port.
func (s *Service) addressed(tx *store.Tx, account, region, kind, name string) error {
	_, err := s.port(tx, doorKey(account, region, kind, name), func(int) bool { return true })
	return err
}

// portOf is the port of a name that has one.
func (s *Service) portOf(tx *store.Tx, account, region, kind, name string) int {
	a, _ := s.addresses.Get(tx, doorKey(account, region, kind, name))
	return a.Port
}

// doors are the addresses that are open.
type doors struct {
	mu   sync.Mutex
	on   bool // Listen was called, Close was not
	open map[string]opened
	stir chan struct{} // rows changed where nobody waits for the addresses to follow
	done chan struct{}
	busy sync.WaitGroup
}

// opened is a door somebody may have come in by.
type opened struct {
	door
	listener net.Listener
	close    func() error // of the sessions
}

// Listen opens the addresses of the instances that serve, and from here on those of the ones that come to. It is called
// when all services are made.
func (s *Service) Listen() error {
	d := &s.doors
	d.mu.Lock()
	d.on, d.open, d.done = true, map[string]opened{}, make(chan struct{})
	d.mu.Unlock()
	d.busy.Go(func() {
		for {
			select {
			case <-d.done:
				return
			case <-d.stir:
				s.follow()
			}
		}
	})
	return errors.Join(s.listen(), s.clear(true))
}

// changed lets the addresses follow when the transaction is over; for what happens with nobody there.
func (s *Service) changed() {
	select {
	case s.doors.stir <- struct{}{}:
	default: // it is asked for already
	}
}

// follow lets the addresses and files be what the rows say.
func (s *Service) follow() {
	if err := s.listen(); err != nil {
		s.o.Log.Error("an address of a database is not as it should be", slog.Any("error", err))
	}
}

// wanted is what the rows say.
type wanted struct {
	doors     map[string]door
	histories map[string]database.History // of the doors' data
}

func (s *Service) wanted() (w wanted, err error) {
	w = wanted{doors: map[string]door{}, histories: map[string]database.History{}}
	return w, s.st.View(func(tx *store.Tx) error {
		all := s.clusterDoors(tx)
		s.instances.Scan(tx, "", func(_ string, i Instance) bool {
			if i.ClusterResource == "" {
				s.data.limit(i.Resource, int64(i.Storage)*s.o.GiB)
			}
			if i.serves() {
				all = append(all, i.door())
			}
			return true
		})
		for _, d := range all {
			h, ok := s.histories.Get(tx, d.resource)
			if !ok {
				continue
			}
			d.port = s.portOf(tx, d.account, d.region, d.kind, d.name)
			w.doors[d.key()], w.histories[d.resource] = d, h
		}
		return nil
	})
}

// listen closes the doors that are not wanted, opens those that are, and removes the data that is gone.
func (s *Service) listen() error {
	d := &s.doors
	d.mu.Lock()
	if !d.on {
		d.mu.Unlock()
		return nil
	}
	w, failed := s.wanted()
	if failed != nil {
		d.mu.Unlock()
		return failed
	}
	var leaving []func() error
	for key, o := range d.open {
		if w.doors[key] != o.door {
			failed = errors.Join(failed, ended(o.listener.Close()))
			leaving = append(leaving, o.close)
			delete(d.open, key)
		}
	}
	for key, want := range w.doors {
		if _, is := d.open[key]; is {
			continue
		}
		o, err := s.openDoor(want, w.histories[want.resource])
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		d.open[key] = o
	}
	d.mu.Unlock()
	for _, leave := range leaving { // a session that is ending may be asking for what needs the lock
		failed = errors.Join(failed, leave())
	}
	return errors.Join(failed, s.clear(false), s.brim())
}

// openDoor listens for a door and answers who comes. A port that somebody else on this machine has is given up for the next.
func (s *Service) openDoor(d door, h database.History) (o opened, err error) {
	databases, err := s.open(d.resource, h)
	if err != nil {
		return o, err
	}
	if o.listener, err = net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(d.port))); err != nil {
		if o.listener, err = s.moveDoor(&d); err != nil {
			return o, err
		}
	}
	o.door = d
	password := func(user string) (string, bool) { return s.password(d, user) }
	log := s.o.Log.With(slog.String("database", d.name))
	var server interface {
		Serve(net.Listener) error
		Close() error
	}
	if edition := editions[d.engine]; edition != "" {
		server = tds.New(tds.Options{
			Databases: databases, Version: d.version, Edition: edition, Password: password, Master: d.master,
			Now: s.o.Now, Log: log, Procedures: s.procedures(d.instance),
		})
	} else {
		server = postgres.New(postgres.Options{
			Databases: databases, Version: d.version, Password: password, Master: d.master, Now: s.o.Now, Log: log,
		})
	}
	o.close = func() error { return ended(server.Close()) }
	listener := o.listener
	s.doors.busy.Go(func() {
		if err := server.Serve(listener); err != nil && !errors.Is(err, net.ErrClosed) {
			log.Warn("an address is served no longer", slog.Any("error", err))
		}
	})
	return o, nil
}

// ended is the error of closing something, unless it is that somebody else has closed it: who serves closes what it listens at.
func ended(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// moveDoor finds another port for a name and keeps it.
func (s *Service) moveDoor(d *door) (l net.Listener, err error) {
	return l, s.st.Update(func(tx *store.Tx) error {
		d.port, err = s.port(tx, d.key(), func(port int) bool {
			l, err = net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
			return err == nil
		})
		return err
	})
}

// password is that of a user of a door, if RDS knows it: the master's.
func (s *Service) password(d door, user string) (password string, ok bool) {
	if user != d.master {
		return "", false
	}
	s.st.View(func(tx *store.Tx) error {
		password, ok = s.masterPassword(tx, d)
		return nil
	})
	return password, ok
}

// Close ends all sessions and closes the databases; their files stay, unless they were for the life of the process.
func (s *Service) Close() error {
	d := &s.doors
	d.mu.Lock()
	on, open := d.on, d.open
	d.on, d.open = false, nil
	d.mu.Unlock()
	if on {
		close(d.done)
	}
	var err error
	for _, o := range open {
		err = errors.Join(err, ended(o.listener.Close()), o.close())
	}
	d.busy.Wait()
	return errors.Join(err, s.data.close())
}
