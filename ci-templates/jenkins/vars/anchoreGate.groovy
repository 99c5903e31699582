#!/usr/bin/env groovy
/*
 * anchoreGate images: 'registry/app:1.2', policy: 'policy.json', credentialsId: 'registry-login'
 *
 * One `anchore-gate check`: exit 0 pass, 1 the policy said no, 2 usage, 3 no verdict. Values travel as environment
 * variables, never inside the script's text; reports are published whatever happens.
 */
Map call(Map args = [:]) {
    Map defaults = [
        images: '',                               // images to judge, one a line: reference, archive, layout or folder
        archive: '',                              // image archive or layout folder to judge
        sbom: '',                                 // CycloneDX, SPDX or Syft JSON to judge
        imagesFile: '',                           // file with one image a line, `IMAGE [DOCKERFILE]`
        policy: '',                               // policy file, or the name of a shipped one
        failOn: 'stop',                           // the action that fails the run
        unmapped: 'stop',                         // what an image gets that no mapping matches
        unsupported: 'stop',                      // what a rule gets that only a service can answer
        dockerfile: '',                           // the Dockerfile the image was built from
        tag: '',                                  // the name that mappings see, when the image comes from a file
        platform: '',                             // os/architecture[/variant] to choose from an index
        annotations: '',                          // KEY=VALUE, kept with the result
        secretsMaxSize: '1048576',                // longest file searched for secrets, bytes
        registryCa: '',                           // PEM file with the registry's certificate authority
        registryInsecure: 'false',                // allow http and unknown certificates
        reportDir: 'anchore-gate-reports',        // write every report into this folder
        junitWarn: 'pass',                        // what a warning is in JUnit
        timeout: '600',                           // seconds for the whole run
        jobs: '4',                                // images judged at a time
        offline: 'false',                         // use no network at all
        allowlist: '',                            // file with a further allowlist
        severityCutoff: '',                       // without a policy file: stop at this severity
        onlyFixed: 'false',                       // vulnerabilities without a fix do not count; reports show them
        baseline: '',                             // result.json of an earlier run: its findings are known
        newOnly: 'false',                         // known findings (--baseline) do not count; reports show them
        baseImage: '',                            // the image this one was built on
        excludeInherited: 'false',                // findings of the base image do not count
        vex: '',                                  // OpenVEX, CSAF or CycloneDX VEX document
        registryMirror: '',                       // REGISTRY=MIRROR to ask first
        db: '',                                   // vulnerability database file to use
        dbUrl: '',                                // where the database is published, or a mirror
        dbMaxAge: '5d',                           // oldest data that may decide, e.g. 5d or 12h
        dbAutoUpdate: 'auto',                     // fetch data when missing or too old
        sarifCategory: 'anchore-gate',            // prefix of SARIF's automation id
        url: '',                                  // address of the Anchore service
        policyId: '',                             // id of a policy the Anchore service has (remote)
        credentialsId: '',                        // username and password of the registry
        onFail: 'failure',                        // exit 1: failure, unstable, ignore
        onError: 'failure',                       // exit 3: failure, unstable, ignore
        publishJunit: true,                       // publish junit.xml
        archiveReports: true,                     // archive the report folder
        command: 'anchore-gate',                  // the command to run
    ]
    Map given = translated(args)
    List unknown = (given.keySet() - defaults.keySet()) as List
    if (unknown) {
        error "anchoreGate: unknown parameter(s) ${unknown.join(', ')}; known: ${defaults.keySet().join(', ')}"
    }
    Map config = defaults + given
    for (String key in ['onFail', 'onError']) {
        if (!(config[key] in ['failure', 'unstable', 'ignore'])) {
            error "anchoreGate: ${key}: '${config[key]}' is none of failure, unstable, ignore"
        }
    }

    int code = 3
    try {
        withRegistry(config.credentialsId) {
            withEnv(environmentOf(config)) {
                code = sh(label: 'anchore-gate', returnStatus: true, script: '"$ANCHORE_GATE_COMMAND" check')
            }
        }
    } finally {
        publish(config)
    }
    if (code == 1) {
        conclude(config.onFail, 'Anchore gate: the policy said no (exit code 1), see the log and the reports')
    } else if (code == 2) {
        error 'Anchore gate: usage or configuration (exit code 2), see the log'
    } else if (code != 0) {
        conclude(config.onError, "Anchore gate: no verdict (exit code ${code}), see the log")
    }
    return [exitCode: code, verdict: [0: 'pass', 1: 'fail', 2: 'usage'].get(code, 'error'), reportDir: config.reportDir]
}

// Words of the Anchore Jenkins plugin, each with a note on the new one.
Map translated(Map args) {
    Map given = [:]
    for (String key in new ArrayList(args.keySet())) {
        Object value = args[key]
        if (key == 'name') {
            note(key, 'imagesFile')
            given.imagesFile = value
        } else if (key == 'bailOnFail') {
            note(key, 'onFail')
            given.onFail = value ? 'failure' : 'ignore'
        } else if (key == 'bailOnPluginFail') {
            note(key, 'onError')
            given.onError = value ? 'failure' : 'ignore'
        } else if (key == 'policyBundleId') {
            note(key, 'policyId')
            given.policyId = value
        } else if (key == 'engineurl') {
            note(key, 'url')
            given.url = value
        } else if (key == 'annotations' && value instanceof List) {
            List lines = []
            for (Object pair in value) {
                lines.add("${pair.key}=${pair.value}".toString())
            }
            given.annotations = lines
        } else if (key in ['engineRetries', 'engineRetryInterval', 'forceAnalyze', 'autoSubscribeTagUpdates', 'engineverify']) {
            echo "anchoreGate: ${key} has no meaning here and is left out"
        } else {
            given[key] = value
        }
    }
    return given
}

void note(String old, String current) {
    echo "anchoreGate: '${old}' is a word of the Anchore plugin; write '${current}'"
}

List environmentOf(Map config) {
    Map variables = [
        images: 'ANCHORE_GATE_IMAGES',
        archive: 'ANCHORE_GATE_ARCHIVE',
        sbom: 'ANCHORE_GATE_SBOM',
        imagesFile: 'ANCHORE_GATE_IMAGES_FILE',
        policy: 'ANCHORE_GATE_POLICY',
        failOn: 'ANCHORE_GATE_FAIL_ON',
        unmapped: 'ANCHORE_GATE_UNMAPPED',
        unsupported: 'ANCHORE_GATE_UNSUPPORTED',
        dockerfile: 'ANCHORE_GATE_DOCKERFILE',
        tag: 'ANCHORE_GATE_TAG',
        platform: 'ANCHORE_GATE_PLATFORM',
        annotations: 'ANCHORE_GATE_ANNOTATIONS',
        secretsMaxSize: 'ANCHORE_GATE_SECRETS_MAX_SIZE',
        registryCa: 'ANCHORE_GATE_REGISTRY_CA',
        registryInsecure: 'ANCHORE_GATE_REGISTRY_INSECURE',
        reportDir: 'ANCHORE_GATE_REPORT_DIR',
        junitWarn: 'ANCHORE_GATE_JUNIT_WARN',
        timeout: 'ANCHORE_GATE_TIMEOUT',
        jobs: 'ANCHORE_GATE_JOBS',
        offline: 'ANCHORE_GATE_OFFLINE',
        allowlist: 'ANCHORE_GATE_ALLOWLIST',
        severityCutoff: 'ANCHORE_GATE_SEVERITY_CUTOFF',
        onlyFixed: 'ANCHORE_GATE_ONLY_FIXED',
        baseline: 'ANCHORE_GATE_BASELINE',
        newOnly: 'ANCHORE_GATE_NEW_ONLY',
        baseImage: 'ANCHORE_GATE_BASE_IMAGE',
        excludeInherited: 'ANCHORE_GATE_EXCLUDE_INHERITED',
        vex: 'ANCHORE_GATE_VEX',
        registryMirror: 'ANCHORE_GATE_REGISTRY_MIRROR',
        db: 'ANCHORE_GATE_DB',
        dbUrl: 'ANCHORE_GATE_DB_URL',
        dbMaxAge: 'ANCHORE_GATE_DB_MAX_AGE',
        dbAutoUpdate: 'ANCHORE_GATE_DB_AUTO_UPDATE',
        sarifCategory: 'ANCHORE_GATE_SARIF_CATEGORY',
        url: 'ANCHORE_GATE_URL',
        policyId: 'ANCHORE_GATE_POLICY_ID',
    ]
    List pairs = ['ANCHORE_GATE_CI=jenkins', 'ANCHORE_GATE_COMMAND=' + config.command]
    for (String key in new ArrayList(variables.keySet())) {
        pairs.add(variables[key] + '=' + asText(config[key]))
    }
    return pairs
}

String asText(Object value) {
    if (value instanceof Map) {
        List lines = []
        for (Object key in new ArrayList(value.keySet())) {
            lines.add(key.toString() + '=' + value[key].toString())
        }
        return lines.join('\n')
    }
    if (value instanceof Collection) {
        return value.join('\n')
    }
    return value == null ? '' : value.toString()
}

void withRegistry(String credentialsId, Closure body) {
    if (credentialsId) {
        withCredentials([usernamePassword(credentialsId: credentialsId,
                                          usernameVariable: 'ANCHORE_GATE_REGISTRY_USERNAME',
                                          passwordVariable: 'ANCHORE_GATE_REGISTRY_PASSWORD')]) {
            body()
        }
    } else {
        body()
    }
}

void publish(Map config) {
    if (config.publishJunit) {
        // The gate decides the build's result, not the junit step.
        junit testResults: "${config.reportDir}/junit.xml", allowEmptyResults: true, skipMarkingBuildUnstable: true
    }
    if (config.archiveReports) {
        archiveArtifacts artifacts: "${config.reportDir}/**", allowEmptyArchive: true, fingerprint: false
    }
}

void conclude(String how, String message) {
    if (how == 'failure') {
        error message
    } else if (how == 'unstable') {
        unstable message
    } else {
        echo message
    }
}
