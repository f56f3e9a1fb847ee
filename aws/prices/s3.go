package prices

// batchJob is a job of S3 Batch Operations, which costs by the object as well, and where S3 has to find the objects, for that too.
func batchJob(params map[string]any) (Cost, bool) {
	job, objects := list()["s3-batch-job"], list()["s3-batch-objects"]
	if params["ManifestGenerator"] != nil {
		found := list()["s3-batch-manifest"]
		return cost(job, job.USD, "call", "%s for the job, %s for each million objects and %s for each million that S3 looks through to find them (%s", usd(job.USD), usd(objects.USD), usd(found.USD), job.Dimension), true
	}
	return cost(job, job.USD, "call", "%s for the job and %s for each million objects (%s", usd(job.USD), usd(objects.USD), job.Dimension), true
}
