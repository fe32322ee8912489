#include "asl/unsupported.h"

#include <string.h>

static const struct {
    const char *field, *words;
} FIELDS[] = {
    {"Assign", "Assign (variables)"},
    {"ItemReader", "ItemReader (distributed Map)"},
    {"ItemBatcher", "ItemBatcher (distributed Map)"},
    {"ResultWriter", "ResultWriter (distributed Map)"},
    {"Label", "Label (distributed Map)"},
    {"ToleratedFailureCount", "ToleratedFailureCount (distributed Map)"},
    {"ToleratedFailureCountPath", "ToleratedFailureCountPath (distributed Map)"},
    {"ToleratedFailurePercentage", "ToleratedFailurePercentage (distributed Map)"},
    {"ToleratedFailurePercentagePath", "ToleratedFailurePercentagePath (distributed Map)"},
};

/* The service's optimized integrations; "*" stands for every action. */
static const struct {
    const char *service, *actions;
} INTEGRATIONS[] = {
    {"apigateway", "invoke"},
    {"athena", "startQueryExecution stopQueryExecution getQueryExecution getQueryResults"},
    {"aws-sdk", "*"},
    {"batch", "submitJob"},
    {"bedrock", "invokeModel createModelCustomizationJob"},
    {"codebuild", "startBuild stopBuild batchDeleteBuilds batchGetReports startBuildBatch stopBuildBatch "
                  "retryBuildBatch deleteBuildBatch"},
    {"databrew", "startJobRun"},
    {"dynamodb", "getItem putItem deleteItem updateItem"},
    {"ecs", "runTask"},
    {"eks", "call runJob createCluster deleteCluster createFargateProfile deleteFargateProfile "
            "createNodegroup deleteNodegroup"},
    {"elasticmapreduce", "createCluster setClusterTerminationProtection terminateCluster addStep cancelStep "
                         "modifyInstanceFleetByName modifyInstanceGroupByName"},
    {"emr-containers", "createVirtualCluster deleteVirtualCluster startJobRun"},
    {"emr-serverless", "createApplication startApplication stopApplication deleteApplication startJobRun "
                       "cancelJobRun"},
    {"events", "putEvents"},
    {"glue", "startJobRun"},
    {"http", "invoke"},
    {"mediaconvert", "createJob"},
    {"sagemaker", "createTrainingJob createTransformJob createHyperParameterTuningJob createLabelingJob "
                  "createProcessingJob createModel createEndpointConfig createEndpoint updateEndpoint"},
    {"sns", "publish"},
    {"sqs", "sendMessage"},
    {"states", "startExecution"},
};

const char *unsupported_field(const char *field)
{
    for (size_t i = 0; i < sizeof FIELDS / sizeof *FIELDS; i++)
        if (strcmp(FIELDS[i].field, field) == 0)
            return FIELDS[i].words;
    return NULL;
}

const char *unsupported_language(const char *language)
{
    return strcmp(language, "JSONata") == 0 ? "QueryLanguage JSONata" : NULL;
}

const char *unsupported_mode(const char *mode)
{
    return strcmp(mode, "DISTRIBUTED") == 0 ? "Mode DISTRIBUTED" : NULL;
}

static bool begins_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80);
}

/* Within quotes a dollar is a plain character: $['$x'], States.Format('$x'). */
bool unsupported_variable(const char *text, size_t len)
{
    char quote = 0;

    for (size_t i = 0; i + 1 < len; i++) {
        if (text[i] == '\\')
            i++;
        else if (quote)
            quote = text[i] == quote ? 0 : quote;
        else if (text[i] == '\'' || text[i] == '"')
            quote = text[i];
        else if (text[i] == '$' && begins_name(text[i + 1]) && (i == 0 || text[i - 1] != '$'))
            return true;
    }
    return false;
}

/* Is the word among words that blanks separate? */
static bool among(const char *words, const char *word)
{
    size_t len = strlen(word);

    for (const char *p = words; *p; p += strspn(p, " ")) {
        size_t n = strcspn(p, " ");
        if (n == len && memcmp(p, word, len) == 0)
            return true;
        p += n;
    }
    return false;
}

bool unsupported_integration(const char *service, const char *action)
{
    for (size_t i = 0; i < sizeof INTEGRATIONS / sizeof *INTEGRATIONS; i++)
        if (strcmp(INTEGRATIONS[i].service, service) == 0)
            return strcmp(INTEGRATIONS[i].actions, "*") == 0 || among(INTEGRATIONS[i].actions, action);
    return false;
}
