package stage

import (
	"time"

	"lifeboat/runbooks"
)

// Book is the runbook of the script.
func Book() *runbooks.Runbook {
	b := &runbooks.Runbook{
		ID: "ebs-snapshots", Title: "EBS snapshots, from first copy to proof", Kind: runbooks.KindLab, Minutes: 45,
		Targets: runbooks.Targets{RPO: 2 * time.Hour, RTO: 4 * time.Hour},
	}
	add := func(phase, id, title, call, why string, checks ...string) {
		s := runbooks.Step{ID: id, Phase: phase, Title: title, Call: call, Why: why, Hints: []string{
			"A volume needs a zone and either a size or a snapshot.",
			"When it is made from a snapshot, the size may be left out.",
			"The command stands with the step.",
		}}
		for _, c := range checks {
			s.Checks = append(s.Checks, runbooks.Check{Say: c, Else: "wait until `State` is completed; error means it has to be taken again"})
		}
		b.Steps = append(b.Steps, s)
	}
	add("prepare", "zones", "See where a volume can live", "ec2.DescribeAvailabilityZones",
		"A volume lives in one Availability Zone and dies with it. A snapshot lives in the whole Region.", "The Region has at least one zone that can take a volume")
	add("prepare", "seed", "Write data you will know again", "",
		"A backup is proved by data that came back, not by a green tick. So the lab first writes sixteen blocks whose content and fingerprint it knows.")
	add("prepare", "volume", "Create the volume", "ec2.CreateVolume",
		"The volume is made from the snapshot that holds the known data, in one zone. This is the disk that an application would be using, and the same call that brings it back later.")
	add("protect", "first", "Take the first snapshot", "ec2.CreateSnapshot",
		"The moment of the call is the moment that is kept: whatever is written afterwards is not in it, even while the state is still `pending`.\n\nThe first snapshot of a volume stores every block that was ever written, and only those.", "The snapshot is completed")
	add("protect", "change", "Change one block and snapshot again", "ec2.CreateSnapshot",
		"Snapshots are incremental: the second one stores only what changed since the first.")
	add("protect", "difference", "Count what the second snapshot holds", "ebs.ListChangedBlocks",
		"`ListChangedBlocks` compares two snapshots of one lineage.", "Exactly one block differs", "It is block 512, the one that was written")
	add("protect", "quiz-incremental", "What if the first snapshot goes?", "",
		"Retention deletes old snapshots every day. What that does to the newer ones decides whether a chain of backups can be trusted.")
	add("protect", "copy", "Copy it to a second Region", "ec2.CopySnapshot", "A copy in the same Region dies with the Region.")
	add("protect", "share", "Share it with a second account", "ec2.ModifySnapshotAttribute", "A copy in the same account dies with the account.")
	add("protect", "policy", "Let a policy do it every hour", "dlm.CreateLifecyclePolicy", "Nobody takes backups by hand for long.")
	add("protect", "day", "Let a day pass", "", "The sandbox clock jumps; the policy fires as it would.")
	add("disaster", "overwrite", "Overwrite a block", "ebs.PutSnapshotBlock", "Damage is worse than loss: it is copied, too.")
	add("disaster", "lose", "Lose the volume", "ec2.DeleteVolume", "Now it is gone for good, and only the snapshots are left.")
	add("recover", "choice", "Choose the recovery point", "", "The newest one is not always the right one.")
	add("recover", "restore", "Restore to a new volume", "ec2.CreateVolume", "A restore always makes a new thing: a new id, a new place.")
	add("prove", "proof", "Prove it, block for block", "", "Every block is read and its SHA-256 compared with the one it was written with.")
	return b
}
