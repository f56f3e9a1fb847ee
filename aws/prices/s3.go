package prices

import (
	"fmt"
	"slices"
	"strings"
)

// stores are the prices of the storage classes of S3: what a GB and month costs, writing an object, and having lifecycle move one.
var stores = map[string]struct{ gb, put, move string }{
	"STANDARD":            {"s3-standard", "s3-put", ""},
	"INTELLIGENT_TIERING": {"s3-int-frequent", "s3-put", "s3-to-ia"},
	"STANDARD_IA":         {"s3-ia", "s3-ia-put", "s3-to-ia"},
	"ONEZONE_IA":          {"s3-onezone", "s3-ia-put", "s3-to-ia"},
	"GLACIER_IR":          {"s3-instant", "s3-instant-put", "s3-to-instant"},
	"GLACIER":             {"s3-flexible", "s3-flexible-put", "s3-to-flexible"},
	"DEEP_ARCHIVE":        {"s3-deep", "s3-deep-put", "s3-to-deep"},
}

// least is what a class charges beyond what is stored (S3 user guide, "Understanding and managing Amazon S3 storage classes").
var least = map[string]string{
	"INTELLIGENT_TIERING": ", and a fee for each object that it watches",
	"STANDARD_IA":         ", for 30 days and 128 KB of each object at least",
	"ONEZONE_IA":          ", for 30 days and 128 KB of each object at least",
	"GLACIER_IR":          ", for 90 days and 128 KB of each object at least",
	"GLACIER":             ", for 90 days at least and with 40 KB beside each object",
	"DEEP_ARCHIVE":        ", for 180 days at least and with 40 KB beside each object",
}

// object is what an object costs that is written: the request, and its storage in the class it is written to.
func object(params map[string]any) (Cost, bool) {
	class, _ := params["StorageClass"].(string)
	if class == "" || class == "STANDARD" {
		p, put := list()["s3-standard"], list()["s3-put"]
		return cost(p, p.USD, "GB-month", "%s a month for each GB it stores, while it exists, and %s for 1,000 calls (Standard storage", usd(p.USD), usd(put.USD)), true
	}
	ids, ok := stores[class]
	if !ok {
		return unknown("objects of class " + class)
	}
	p, put := list()[ids.gb], list()[ids.put]
	return cost(older(p, put), p.USD, "GB-month", "%s a month for each GB it stores%s, and %s for 1,000 calls (%s", usd(p.USD), least[class], usd(put.USD), p.Dimension), true
}

// restored is what it costs to have archived objects restored: the request and the GB by the tier, and the copy in Standard. The
// call does not say which of the two archives the object is in.
func restored(params map[string]any) (Cost, bool) {
	tier := "Standard"
	if job, ok := in(params, "RestoreRequest", "GlacierJobParameters", "Tier").(string); ok {
		tier = job
	}
	copies := usd(list()["s3-standard"].USD)
	flexible, deep := "s3-flexible-"+strings.ToLower(tier), "s3-deep-"+strings.ToLower(tier)
	oldest, known := Find(deep)
	if !known {
		oldest, known = Find(flexible)
	}
	if !known {
		return unknown("restores by the tier " + tier)
	}
	var ways []string
	for _, way := range []struct{ id, from string }{{flexible, "Glacier Flexible Retrieval"}, {deep, "Glacier Deep Archive"}} {
		if gb, ok := Find(way.id); ok {
			request := list()[way.id+"-request"]
			oldest = older(oldest, older(gb, request))
			ways = append(ways, fmt.Sprintf("%s a GB and %s for 1,000 calls out of %s", usd(gb.USD), usd(request.USD), way.from))
		} else if tier == "Bulk" {
			ways = append(ways, "nothing out of "+way.from)
		}
	}
	most := max(list()[flexible].USD, list()[deep].USD)
	return cost(oldest, most, "GB", "%s, and %s a GB and month for the copy in Standard while it is there (%s", strings.Join(ways, ", "), copies, tier), true
}

// replicated is what follows a replication rule, for every object that is written from then on.
func replicated(params map[string]any) (Cost, bool) {
	put, way := list()["s3-put"], list()["transfer"]
	hurry := ""
	if slices.ContainsFunc(items(in(params, "ReplicationConfiguration", "Rules")), func(rule any) bool {
		return in(rule, "Destination", "ReplicationTime", "Status") == "Enabled"
	}) {
		hurry = fmt.Sprintf(", %s a GB more for replication time control", usd(list()["s3-replication-time"].USD))
	}
	c := cost(put, put.USD/1000, "call", "%s for 1,000 calls, and then for each object a PUT and its storage there, and %s a GB for the way to another Region%s (%s",
		usd(put.USD), usd(way.USD), hurry, put.Dimension)
	return c, true
}

// moved is what follows a lifecycle rule: every object it moves is a request of the class it is moved to.
func moved(params map[string]any) (Cost, bool) {
	c := calls("s3-put", 1000)
	var to []string
	for _, rule := range items(in(params, "LifecycleConfiguration", "Rules")) {
		for _, list := range []string{"Transitions", "NoncurrentVersionTransitions"} {
			for _, t := range items(in(rule, list)) {
				class, _ := in(t, "StorageClass").(string)
				if !slices.Contains(to, class) {
					to = append(to, class)
				}
			}
		}
	}
	for _, class := range to {
		p, ok := Find(stores[class].move)
		if !ok {
			return unknown("objects that lifecycle moves to " + class)
		}
		c.Text += fmt.Sprintf("; and %s for 1,000 objects that it moves to %s", usd(p.USD), class)
	}
	return c, true
}

// in follows names into parameters; nil where one of them is not there.
func in(v any, names ...string) any {
	for _, name := range names {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}

func items(v any) []any {
	l, _ := v.([]any)
	return l
}

// bucketCall is any other call of S3, by the request. Deleting is free ("Amazon S3 pricing").
func bucketCall(name string) Cost {
	for _, prefix := range []string{"Delete", "Abort"} {
		if strings.HasPrefix(name, prefix) {
			return free("free")
		}
	}
	for _, prefix := range []string{"Get", "Head"} {
		if strings.HasPrefix(name, prefix) {
			return calls("s3-get", 1000)
		}
	}
	return calls("s3-put", 1000)
}

// batchJob is a job of S3 Batch Operations, which costs by the object as well, and where S3 has to find the objects, for that too.
func batchJob(params map[string]any) (Cost, bool) {
	job, objects := list()["s3-batch-job"], list()["s3-batch-objects"]
	if params["ManifestGenerator"] != nil {
		found := list()["s3-batch-manifest"]
		return cost(job, job.USD, "call", "%s for the job, %s for each million objects and %s for each million that S3 looks through to find them (%s", usd(job.USD), usd(objects.USD), usd(found.USD), job.Dimension), true
	}
	return cost(job, job.USD, "call", "%s for the job and %s for each million objects (%s", usd(job.USD), usd(objects.USD), job.Dimension), true
}
