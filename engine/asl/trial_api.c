/*
 * What the APIs of services answer, as far as mocks of them are checked: names, kinds and bounds of fields.
 *
 * Facts of AWS's public API models (botocore 1.29); where a list of words grows with time, it is left out.
 * How a row is read: trial_model.c.
 */
#include "asl/trial_priv.h"

#define CAPACITY                                                                                             \
    "{TableName:s(3,255) CapacityUnits:n ReadCapacityUnits:n WriteCapacityUnits:n Table:{} "                 \
    "LocalSecondaryIndexes:{} GlobalSecondaryIndexes:{}}"
#define STORAGE_CLASS                                                                                        \
    "s=STANDARD|REDUCED_REDUNDANCY|STANDARD_IA|ONEZONE_IA|INTELLIGENT_TIERING|GLACIER|DEEP_ARCHIVE|OUTPOSTS" \
    "|GLACIER_IR|SNOW|EXPRESS_ONEZONE|FSX_OPENZFS|FSX_ONTAP"
#define CHECKSUMS "ChecksumCRC32:s ChecksumCRC32C:s ChecksumSHA1:s ChecksumSHA256:s"
#define OBJECT_HEAD                                                                                          \
    "DeleteMarker:b AcceptRanges:s Expiration:s Restore:s LastModified:s ContentLength:n ETag:s " CHECKSUMS  \
    " MissingMeta:n VersionId:s CacheControl:s ContentDisposition:s ContentEncoding:s ContentLanguage:s "    \
    "ContentType:s Expires:s WebsiteRedirectLocation:s ServerSideEncryption:s Metadata:{} "                  \
    "SSECustomerAlgorithm:s SSECustomerKeyMD5:s SSEKMSKeyId:s BucketKeyEnabled:b "                           \
    "StorageClass:" STORAGE_CLASS " RequestCharged:s=requester "                                             \
    "ReplicationStatus:s=COMPLETE|PENDING|FAILED|REPLICA|COMPLETED PartsCount:n "                            \
    "ObjectLockMode:s=GOVERNANCE|COMPLIANCE ObjectLockRetainUntilDate:s ObjectLockLegalHoldStatus:s=ON|OFF"
#define OBJECT_PUT                                                                                           \
    "Expiration:s ETag:s " CHECKSUMS " ServerSideEncryption:s VersionId:s SSECustomerAlgorithm:s "           \
    "SSECustomerKeyMD5:s SSEKMSKeyId:s SSEKMSEncryptionContext:s BucketKeyEnabled:b "                        \
    "RequestCharged:s=requester"
#define FUNCTION                                                                                             \
    "FunctionName:s(1,170) FunctionArn:s Runtime:s Role:s Handler:s(,128) CodeSize:n Description:s(,256) "   \
    "Timeout:n(1,) MemorySize:n(128,10240) LastModified:s CodeSha256:s Version:s(1,1024) VpcConfig:{} "      \
    "DeadLetterConfig:{} Environment:{} KMSKeyArn:s TracingConfig:{} MasterArn:s RevisionId:s Layers:[{}] "  \
    "State:s=Pending|Active|Inactive|Failed StateReason:s StateReasonCode:s "                                \
    "LastUpdateStatus:s=Successful|Failed|InProgress LastUpdateStatusReason:s LastUpdateStatusReasonCode:s " \
    "FileSystemConfigs:[{}] PackageType:s=Zip|Image ImageConfigResponse:{} SigningProfileVersionArn:s "      \
    "SigningJobArn:s Architectures:[s=x86_64|arm64] EphemeralStorage:{} SnapStart:{}"
#define EXECUTION_STATUS "s=RUNNING|SUCCEEDED|FAILED|TIMED_OUT|ABORTED|PENDING_REDRIVE"
#define PARAMETER                                                                                            \
    "{Name:s(1,2048) Type:s=String|StringList|SecureString Value:s Version:n Selector:s(,128) "              \
    "SourceResult:s LastModifiedDate:s ARN:s DataType:s(,128)}"

const struct trial_api TRIAL_APIS[] = {
    {"athena", "startQueryExecution", "QueryExecutionId:s(1,128)"},
    {"athena", "getQueryExecution", "QueryExecution:{}"},
    {"athena", "getQueryResults",
     "UpdateCount:n ResultSet:{Rows:[{}] ResultSetMetadata:{}} NextToken:s(1,1024)"},
    {"batch", "submitJob", "JobArn:s JobName!:s JobId!:s"},
    {"codebuild", "startBuild stopBuild", "Build:{}"},
    {"codebuild", "startBuildBatch stopBuildBatch retryBuildBatch", "BuildBatch:{}"},
    {"codebuild", "batchDeleteBuilds", "BuildsDeleted:[s(1,)] BuildsNotDeleted:[{}]"},
    {"codebuild", "batchGetReports", "Reports:[{}] ReportsNotFound:[s(1,)]"},
    {"codebuild", "deleteBuildBatch", "StatusCode:s BuildsDeleted:[s(1,)] BuildsNotDeleted:[{}]"},
    {"databrew", "startJobRun", "RunId!:s(1,255)"},
    {"dynamodb", "getItem", "Item:{} ConsumedCapacity:" CAPACITY},
    {"dynamodb", "putItem updateItem deleteItem",
     "Attributes:{} ConsumedCapacity:" CAPACITY
     " ItemCollectionMetrics:{ItemCollectionKey:{} SizeEstimateRangeGB:[n]}"},
    {"dynamodb", "query scan",
     "Items:[{}] Count:n ScannedCount:n LastEvaluatedKey:{} ConsumedCapacity:" CAPACITY},
    {"dynamodb", "batchGetItem", "Responses:{} UnprocessedKeys:{} ConsumedCapacity:[" CAPACITY "]"},
    {"dynamodb", "batchWriteItem",
     "UnprocessedItems:{} ItemCollectionMetrics:{} ConsumedCapacity:[" CAPACITY "]"},
    {"ecs", "runTask", "Tasks:[{}] Failures:[{Arn:s Reason:s Detail:s}]"},
    {"emr-containers", "startJobRun", "Id:s(1,64) Name:s(1,64) Arn:s(60,1024) VirtualClusterId:s(1,64)"},
    {"emr-containers", "createVirtualCluster", "Id:s(1,64) Name:s(1,64) Arn:s(60,1024)"},
    {"emr-containers", "deleteVirtualCluster", "Id:s(1,64)"},
    {"emr-serverless", "createApplication", "ApplicationId!:s(1,64) Name:s(1,64) Arn!:s(60,1024)"},
    {"emr-serverless", "startJobRun", "ApplicationId!:s(1,64) JobRunId!:s(1,64) Arn!:s(60,1024)"},
    {"emr-serverless", "cancelJobRun", "ApplicationId!:s(1,64) JobRunId!:s(1,64)"},
    {"eventbridge events", "putEvents",
     "FailedEntryCount:n Entries:[{EventId:s(,64) ErrorCode:s ErrorMessage:s}]"},
    {"glue", "startJobRun", "JobRunId:s(1,255)"},
    {"kms", "encrypt", "CiphertextBlob:s(1,6144) KeyId:s(1,2048) EncryptionAlgorithm:s"},
    {"kms", "decrypt", "KeyId:s(1,2048) Plaintext:s(1,4096) EncryptionAlgorithm:s"},
    {"kms", "generateDataKey", "CiphertextBlob:s(1,6144) Plaintext:s(1,4096) KeyId:s(1,2048)"},
    {"lambda", "invoke", "StatusCode:n FunctionError:s LogResult:s Payload:* ExecutedVersion:s(1,1024)"},
    {"lambda",
     "createFunction getFunctionConfiguration updateFunctionCode updateFunctionConfiguration publishVersion",
     FUNCTION},
    {"lambda", "getFunction",
     "Configuration:{" FUNCTION "} Code:{RepositoryType:s Location:s ImageUri:s ResolvedImageUri:s} Tags:{} "
     "Concurrency:{ReservedConcurrentExecutions:n(0,)}"},
    {"mediaconvert", "createJob", "Job:{}"},
    {"s3", "getObject", "Body:s ContentRange:s TagCount:n " OBJECT_HEAD},
    {"s3", "headObject", OBJECT_HEAD " ArchiveStatus:s=ARCHIVE_ACCESS|DEEP_ARCHIVE_ACCESS"},
    {"s3", "putObject", OBJECT_PUT},
    {"s3", "copyObject",
     "CopyObjectResult:{ETag:s LastModified:s " CHECKSUMS "} CopySourceVersionId:s " OBJECT_PUT},
    {"s3", "deleteObject", "DeleteMarker:b VersionId:s RequestCharged:s=requester"},
    {"s3", "listBuckets", "Buckets:[{Name:s CreationDate:s}] Owner:{DisplayName:s ID:s}"},
    {"s3", "listObjectsV2",
     "IsTruncated:b Contents:[{Key:s(1,) LastModified:s ETag:s ChecksumAlgorithm:[s] Size:n "
     "StorageClass:" STORAGE_CLASS " Owner:{DisplayName:s ID:s}}] Name:s Prefix:s Delimiter:s MaxKeys:n "
     "CommonPrefixes:[{Prefix:s}] EncodingType:s=url KeyCount:n ContinuationToken:s NextContinuationToken:s "
     "StartAfter:s"},
    {"sagemaker", "createTrainingJob", "TrainingJobArn!:s(,256)"},
    {"sagemaker", "createTransformJob", "TransformJobArn!:s(,256)"},
    {"sagemaker", "createHyperParameterTuningJob", "HyperParameterTuningJobArn!:s(,256)"},
    {"sagemaker", "createLabelingJob", "LabelingJobArn!:s(,2048)"},
    {"sagemaker", "createProcessingJob", "ProcessingJobArn!:s(,256)"},
    {"sagemaker", "createModel", "ModelArn!:s(20,2048)"},
    {"sagemaker", "createEndpointConfig", "EndpointConfigArn!:s(20,2048)"},
    {"sagemaker", "createEndpoint updateEndpoint", "EndpointArn!:s(20,2048)"},
    {"secretsmanager", "getSecretValue",
     "ARN:s(20,2048) Name:s(1,256) VersionId:s(32,64) SecretBinary:s(,65536) SecretString:s(,65536) "
     "VersionStages:[s(1,256)] CreatedDate:s"},
    {"secretsmanager", "putSecretValue",
     "ARN:s(20,2048) Name:s(1,256) VersionId:s(32,64) VersionStages:[s(1,256)]"},
    {"sns", "publish", "MessageId:s SequenceNumber:s"},
    {"sqs", "sendMessage",
     "MD5OfMessageBody:s MD5OfMessageAttributes:s MD5OfMessageSystemAttributes:s MessageId:s "
     "SequenceNumber:s"},
    {"sqs", "receiveMessage",
     "Messages:[{MessageId:s ReceiptHandle:s MD5OfBody:s Body:s Attributes:{} MD5OfMessageAttributes:s "
     "MessageAttributes:{}}]"},
    {"sqs", "getQueueAttributes", "Attributes:{}"},
    {"ssm", "getParameter", "Parameter:" PARAMETER},
    {"ssm", "getParameters", "Parameters:[" PARAMETER "] InvalidParameters:[s(1,2048)]"},
    {"ssm", "putParameter", "Version:n Tier:s=Standard|Advanced|Intelligent-Tiering"},
    {"states sfn", "startExecution", "ExecutionArn!:s(1,256) StartDate!:s"},
    /* Of these two the service gives moments as numbers. */
    {"states", "startExecution.sync",
     "ExecutionArn!:s(1,256) StateMachineArn!:s(1,256) Name:s(1,80) Status!:" EXECUTION_STATUS
     " StartDate!:* StopDate:* Input:s Output:s Error:s(,256) Cause:s(,32768)"},
    {"states", "startExecution.sync:2",
     "ExecutionArn!:s(1,256) StateMachineArn!:s(1,256) Name:s(1,80) Status!:" EXECUTION_STATUS
     " StartDate!:* StopDate:* Input:* Output:* Error:s(,256) Cause:s(,32768)"},
    {"sfn", "describeExecution",
     "ExecutionArn!:s(1,256) StateMachineArn!:s(1,256) Name:s(1,80) Status!:" EXECUTION_STATUS
     " StartDate!:s StopDate:s Input:s(,262144) InputDetails:{Included:b} Output:s(,262144) "
     "OutputDetails:{Included:b} TraceHeader:s(,256) MapRunArn:s(1,2000) Error:s(,256) Cause:s(,32768)"},
    {"sfn", "startSyncExecution",
     "ExecutionArn!:s(1,256) StateMachineArn:s(1,256) Name:s(1,80) StartDate!:s StopDate!:s "
     "Status!:s=SUCCEEDED|FAILED|TIMED_OUT Error:s(,256) Cause:s(,32768) Input:s(,262144) "
     "InputDetails:{Included:b} Output:s(,262144) OutputDetails:{Included:b} TraceHeader:s(,256) "
     "BillingDetails:{BilledMemoryUsedInMB:n(0,) BilledDurationInMilliseconds:n(0,)}"},
    {"sfn", "stopExecution", "StopDate!:s"},
    {"sfn", "listExecutions",
     "Executions!:[{ExecutionArn!:s(1,256) StateMachineArn!:s(1,256) Name!:s(1,80) "
     "Status!:" EXECUTION_STATUS " StartDate!:s StopDate:s MapRunArn:s(1,2000) ItemCount:n(0,)}] "
     "NextToken:s(1,3096)"},
};
const size_t TRIAL_NAPIS = sizeof TRIAL_APIS / sizeof *TRIAL_APIS;
