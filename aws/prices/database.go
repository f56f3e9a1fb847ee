package prices

import (
	"fmt"
	"strings"
)

// instanceOf is a database instance that is made new: its class by the hour and its storage by the month, both twice with a
// standby in another zone.
func instanceOf(params map[string]any) (Cost, bool) {
	engine, _ := params["Engine"].(string)
	class, _ := params["DBInstanceClass"].(string)
	switch {
	case engine == "" && class == "":
		return unknown("a database instance of the class and engine of its source, by the hour while it runs")
	case engine == "":
		return unknown(fmt.Sprintf("%s with the engine of its source, by the hour while it runs", class))
	case class == "":
		return unknown(fmt.Sprintf("%s on the class of its source, by the hour while it runs", engine))
	}
	p, ok := Find("rds-" + engine + "-" + class)
	if !ok {
		return unknown(fmt.Sprintf("%s with %s, by the hour while it runs; see https://aws.amazon.com/rds/pricing", class, engine))
	}
	times, zones := 1.0, "Single-AZ"
	if multi, _ := params["MultiAZ"].(bool); multi {
		times, zones = 2, "Multi-AZ"
	}
	oldest := p
	beside, whole := storageOf(params, times, &oldest)
	if managed, _ := params["ManageMasterUserPassword"].(bool); managed {
		s := list()["secret"]
		beside += fmt.Sprintf(", %s a month for the secret with its password", usd(s.USD))
		oldest = older(oldest, s)
	}
	c := cost(oldest, p.USD*times, "hour", "%s an hour while it runs%s (%s, %s, %s", usd(p.USD*times), beside, engine, class, zones)
	c.From = p.Source
	return c, whole
}

// storageOf is the part of an instance's cost that is storage, and whether all of it is known. Without a type it is gp3, without
// a size that of the source (CreateDBInstance, RDS API reference); Aurora's is the cluster's.
func storageOf(params map[string]any, times float64, oldest *Price) (text string, whole bool) {
	if engine, _ := params["Engine"].(string); strings.HasPrefix(engine, "aurora") {
		return "", true
	}
	kind, _ := params["StorageType"].(string)
	if kind == "" {
		kind = "gp3"
	}
	p, ok := Find("rds-" + kind)
	if !ok {
		return fmt.Sprintf(", without its %s storage, whose price is not known here", kind), false
	}
	*oldest = older(*oldest, p)
	if over(params["Iops"], 3000) || over(params["StorageThroughput"], 125) {
		text, whole = ", without provisioned performance, whose price is not known here", false
	} else {
		whole = true
	}
	size, sized := number(params["AllocatedStorage"])
	if !sized {
		return fmt.Sprintf(", %s a GiB and month for its storage, as large as its source's", usd(p.USD*times)) + text, whole
	}
	return fmt.Sprintf(", %s a month for %g GiB of %s storage", usd(p.USD*times*size), size, kind) + text, whole
}

// older is the price of the two that has not been looked at for longer.
func older(a, b Price) Price {
	if b.AsOf < a.AsOf {
		return b
	}
	return a
}

// modified is a change of an instance, which costs something when it gets larger or faster.
func modified(params map[string]any) (Cost, bool) {
	for _, sized := range []string{"DBInstanceClass", "AllocatedStorage", "StorageType", "Iops", "StorageThroughput", "MultiAZ"} {
		if params[sized] != nil {
			return unknown("what the instance costs after the change: its engine and the rest of it stand in AWS only")
		}
	}
	if managed, _ := params["ManageMasterUserPassword"].(bool); managed {
		return secret(nil)
	}
	return free("free"), true
}

// backup is the storage of a snapshot. As much as all databases of the Region have is free while they are there ("Backup storage",
// RDS user guide).
func backup(id string) func(map[string]any) (Cost, bool) {
	return func(params map[string]any) (Cost, bool) {
		p := list()[id]
		return cost(p, p.USD, "GB-month", "%s a month for each GB it stores, while it exists, beyond the free size of the databases themselves (%s%s",
			usd(p.USD), p.Service, travels(params)), true
	}
}

// travels is the note on the way from another Region, when that is where the source of a copy is.
func travels(params map[string]any) string {
	if params["SourceRegion"] == nil && params["PreSignedUrl"] == nil && params["SourceDBInstanceArn"] == nil {
		return ""
	}
	return fmt.Sprintf("; and once %s a GB for the way from the other Region", usd(list()["transfer"].USD))
}

// clusterOf is the storage of an Aurora cluster; its instances cost on their own.
func clusterOf(map[string]any) (Cost, bool) {
	p := list()["aurora-storage"]
	return cost(p, p.USD, "GB-month", "%s a month for each GB it stores, without its I/O, whose price is not known here, and its instances (%s", usd(p.USD), p.Dimension), false
}

func export(map[string]any) (Cost, bool) {
	p := list()["rds-export"]
	return cost(p, p.USD, "GB", "%s for each GB of the snapshot, and the storage of the bucket (%s", usd(p.USD), p.Dimension), true
}

func secret(map[string]any) (Cost, bool) {
	p := list()["secret"]
	return cost(p, p.USD, "month", "%s a month while it exists, by the hour (secret", usd(p.USD)), true
}
