#!/usr/bin/env bash
# small: A small runbook with one of everything
set -euo pipefail

RUN=${RUN:-small-$(date -u +%Y%m%d-%H%M%S)}
SHORT=${RUN##*-}
NOW=$(date -u +%Y-%m-%dT%H:%M:%SZ)
HOME_REGION=${HOME_REGION:-us-east-2}
AWAY_REGION=${AWAY_REGION:-us-west-2}
ACCOUNT=$(aws sts get-caller-identity --query Account --output text)
: "${PARTNER_ACCOUNT:?the id of a second account}"
: "${SIZE:?GiB of the volume}"

# zones: See the zones
ZONES_AVAILABILITYZONES_0_ZONENAME=$(aws ec2 describe-availability-zones --region "$HOME_REGION" --query 'AvailabilityZones[0].ZoneName' --output text)

# data-start: Write known data: Open a snapshot to write into
DATA_START_SNAPSHOTID=$(aws ebs start-snapshot --region "$HOME_REGION" --volume-size 1 --tags Key=lifeboat:run,Value="$RUN" Key=lifeboat:step,Value="$RUN"/data-start 'Key=Name,Value=lifeboat data-start' --description 'lifeboat '"$RUN"': one' --client-token "$RUN"-data-start --timeout 60 --query SnapshotId --output text)

# data-blocks: Write known data: Write the known data
for INDEX in 0 7; do
  printf '%-524288s' 'one block '"$INDEX" > block.bin
  aws ebs put-snapshot-block --region "$HOME_REGION" --snapshot-id "$DATA_START_SNAPSHOTID" --block-index "$INDEX" --block-data block.bin --data-length 524288 \
    --checksum "$(openssl dgst -sha256 -binary block.bin | base64)" --checksum-algorithm SHA256
done
DATA_BLOCKS_CHANGEDBLOCKSCOUNT=2

# data-complete: Write known data: Close the snapshot
aws ebs complete-snapshot --region "$HOME_REGION" --snapshot-id "$DATA_START_SNAPSHOTID" --changed-blocks-count "$DATA_BLOCKS_CHANGEDBLOCKSCOUNT"
until [ "$(aws ec2 describe-snapshots --region "$HOME_REGION" --snapshot-ids "$DATA_START_SNAPSHOTID" --query 'Snapshots[0].State == '\''completed'\''' --output text)" = True ]; do
  [ "$(aws ec2 describe-snapshots --region "$HOME_REGION" --snapshot-ids "$DATA_START_SNAPSHOTID" --query 'Snapshots[0].State == '\''error'\''' --output text)" != True ] || { echo 'step data-complete failed' >&2; exit 1; }
  sleep 5
done

# volume: Create a volume
VOLUME_VOLUMEID=$(aws ec2 create-volume --region "$HOME_REGION" --availability-zone "$ZONES_AVAILABILITYZONES_0_ZONENAME" --snapshot-id "$DATA_START_SNAPSHOTID" --volume-type gp3 --tag-specifications 'ResourceType=volume,Tags=[{Key=lifeboat:run,Value='"$RUN"'},{Key=lifeboat:step,Value='"$RUN"'/volume},{Key=Name,Value=lifeboat volume}]' --client-token "$RUN"-volume --query VolumeId --output text)
until [ "$(aws ec2 describe-volumes --region "$HOME_REGION" --volume-ids "$VOLUME_VOLUMEID" --query 'Volumes[0].State == '\''available'\''' --output text)" = True ]; do sleep 5; done

# first-snapshot: Take a snapshot
FIRST_SNAPSHOT_SNAPSHOTID=$(aws ec2 create-snapshot --region "$HOME_REGION" --volume-id "$VOLUME_VOLUMEID" --tag-specifications 'ResourceType=snapshot,Tags=[{Key=lifeboat:run,Value='"$RUN"'},{Key=lifeboat:step,Value='"$RUN"'/first-snapshot},{Key=Name,Value=lifeboat first-snapshot}]' --query SnapshotId --output text)
until [ "$(aws ec2 describe-snapshots --region "$HOME_REGION" --snapshot-ids "$FIRST_SNAPSHOT_SNAPSHOTID" --query 'Snapshots[0].State == '\''completed'\''' --output text)" = True ]; do
  [ "$(aws ec2 describe-snapshots --region "$HOME_REGION" --snapshot-ids "$FIRST_SNAPSHOT_SNAPSHOTID" --query 'Snapshots[0].State == '\''error'\''' --output text)" != True ] || { echo 'step first-snapshot failed' >&2; exit 1; }
  sleep 5
done

# key: Make a key
# only if accounts.partner != null
KEY_KEYMETADATA_ARN=$(aws kms create-key --region "$HOME_REGION" --description 'a key' --tags TagKey=lifeboat:run,TagValue="$RUN" TagKey=lifeboat:step,TagValue="$RUN"/key 'TagKey=Name,TagValue=lifeboat key' --query KeyMetadata.Arn --output text)
[ "$(aws kms describe-key --region "$HOME_REGION" --key-id "$KEY_KEYMETADATA_ARN" --query KeyMetadata.Enabled --output text)" = True ] || echo 'not so: It is enabled' >&2

# copy: Copy it away
COPY_SNAPSHOTID=$(aws ec2 copy-snapshot --region "$AWAY_REGION" --source-region "$HOME_REGION" --source-snapshot-id "$FIRST_SNAPSHOT_SNAPSHOTID" --tag-specifications 'ResourceType=snapshot,Tags=[{Key=lifeboat:run,Value='"$RUN"'},{Key=lifeboat:step,Value='"$RUN"'/copy},{Key=Name,Value=lifeboat copy}]' --query SnapshotId --output text)

# question: A question

# night: Let time pass
# wait 26h; a day is a day

# lose: Lose it
for EACH in "$VOLUME_VOLUMEID"; do
  aws ec2 delete-volume --region "$HOME_REGION" --volume-id "$EACH"
done
[ "$(aws ec2 describe-volumes --region "$HOME_REGION" --query 'length(Volumes) == `0`' --output text)" = True ] || echo 'not so: It is gone' >&2

# choice: Choose
aws ec2 describe-snapshots --region "$HOME_REGION" --owner-ids self --query Snapshots --output table
read -r -p 'Which snapshot CHOICE_SNAPSHOTID: ' CHOICE_SNAPSHOTID

# proof: Prove it
# read every block that this lists, and compare its SHA-256 with what was written
aws ebs list-snapshot-blocks --region "$HOME_REGION" --snapshot-id "$CHOICE_SNAPSHOTID"

# clean up
aws ec2 delete-snapshot --region "$AWAY_REGION" --snapshot-id "$COPY_SNAPSHOTID" || true
aws kms schedule-key-deletion --region "$HOME_REGION" --key-id "$KEY_KEYMETADATA_ARN" --pending-window-in-days 7 || true
aws ec2 delete-snapshot --region "$HOME_REGION" --snapshot-id "$FIRST_SNAPSHOT_SNAPSHOTID" || true
aws ec2 delete-volume --region "$HOME_REGION" --volume-id "$VOLUME_VOLUMEID" || true
aws ec2 delete-snapshot --region "$HOME_REGION" --snapshot-id "$DATA_START_SNAPSHOTID" || true
