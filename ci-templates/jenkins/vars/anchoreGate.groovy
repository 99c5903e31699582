#!/usr/bin/env groovy
/*
 * anchoreGate images: 'registry/app:1.2', policy: 'policy.json', credentialsId: 'registry-login'
 *
 * One `anchore-gate check`: exit 0 pass, 1 the policy said no, 2 usage, 3 no verdict. Values travel as environment
 * variables, never inside the script's text; reports are published whatever happens.
 */
Map call(Map args = [:]) {
    Map defaults = [
        // made from inputs.json: defaults (../../fill.py); what is empty is left to the environment and the config file
        images: '',                               // images to judge, one a line: reference, archive, layout or folder
        archive: '',                              // image archive or layout folder to judge
        sbom: '',                                 // CycloneDX, SPDX or Syft JSON to judge
        imagesFile: '',                           // file with one image a line, `IMAGE [DOCKERFILE]`
        policy: '',                               // policy file, or the name of a shipped one
        failOn: '',                               // the action that fails the run (stop, warn, never; default stop)
        unmapped: '',                             // what an image gets that no mapping matches (go, warn, stop; default stop)
        unsupported: '',                          // what a rule gets that only a service can answer (stop, warn; default stop)
        dockerfile: '',                           // the Dockerfile the image was built from
        tag: '',                                  // the name that mappings see, when the image comes from a file
        platform: '',                             // os/architecture[/variant] to choose from an index
        annotations: '',                          // KEY=VALUE, kept with the result
        secretsMaxSize: '',                       // longest file searched for secrets, bytes (default 1048576)
        registryCa: '',                           // PEM file with the registry's certificate authority
        registryInsecure: '',                     // allow http and unknown certificates (true, false; default false)
        reportDir: 'anchore-gate-reports',        // write every report into this folder
        junitWarn: '',                            // what a warning is in JUnit (pass, skipped, failure; default pass)
        timeout: '',                              // seconds for the whole run (default 600)
        jobs: '',                                 // images judged at a time (default 4)
        offline: '',                              // use no network at all (true, false; default false)
        allowlist: '',                            // file with a further allowlist
        severityCutoff: '',                       // without a policy file: stop at this severity
        onlyFixed: '',                            // vulnerabilities without a fix do not count; reports show them (true, false; default false)
        baseline: '',                             // result.json of an earlier run: its findings are known
        newOnly: '',                              // known findings (--baseline) do not count; reports show them (true, false; default false)
        baseImage: '',                            // the image this one was built on
        excludeInherited: '',                     // findings of the base image do not count (true, false; default false)
        vex: '',                                  // OpenVEX, CSAF or CycloneDX VEX document
        registryMirror: '',                       // REGISTRY=MIRROR to ask first
        db: '',                                   // vulnerability database file to use
        dbUrl: '',                                // where the database is published, or a mirror
        dbMaxAge: '',                             // oldest data that may decide, e.g. 5d or 12h (default 5d)
        dbAutoUpdate: '',                         // fetch data when missing or too old (auto, never; default auto)
        sarifCategory: '',                        // prefix of SARIF's automation id (default anchore-gate)
        url: '',                                  // address of the Anchore service
        policyId: '',                             // id of a policy the Anchore service has (remote)
        incomparable: '',                         // what a version gets that cannot be compared (stop, warn; default stop)
        analyzerConfig: '',                       // Anchore's analyzer_config.yaml, or ours
        registryHost: '',                         // whose user, token and client certificate these are
        registryCert: '',                         // PEM file with a client certificate
        registryKey: '',                          // PEM file with the client certificate's key
        dbCa: '',                                 // PEM file with the database server's certificate authority
        engine: '',                               // who looks: this process or an Anchore service (auto, local, remote; default auto)
        login: '',                                // send user and password every time, or once for a token (basic, oauth; default basic)
        account: '',                              // account of the Anchore service to act in
        ca: '',                                   // PEM file with the service's certificate authority
        cert: '',                                 // PEM file with a client certificate for the service
        key: '',                                  // PEM file with that certificate's key
        insecure: '',                             // do not verify the service's certificate (true, false; default false)
        force: '',                                // have the service analyse the image again (true, false; default false)
        subscribe: '',                            // tag_update, vuln_update, policy_eval, analysis_update
        keepPolicy: '',                           // leave an uploaded policy on the service (true, false; default false)
        quiet: '',                                // print the verdict line only (true, false; default false)
        verbose: '',                              // print every finding, and log steps (true, false; default false)
        // end of defaults
        credentialsId: '',                        // username and password of the registry
        anchoreCredentialsId: '',                 // username and password of the Anchore service
        onFail: 'failure',                        // exit 1: failure, unstable, ignore
        onError: 'failure',                       // exit 3: failure, unstable, ignore
        publishJunit: true,                       // publish junit.xml
        publishHtml: false,                       // publish report.html (needs the HTML Publisher plugin)
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
    boolean isJudged = true
    try {
        withSecrets(config) {
            withEnv(environmentOf(config)) {
                code = sh(label: 'anchore-gate', returnStatus: true, script: '"$ANCHORE_GATE_COMMAND" check')
                if (isLenient(config) && code in [0, 1]) {
                    isJudged = sh(returnStatus: true, script: 'grep -qx ANCHORE_GATE_EXIT_CODE=3 "$ANCHORE_GATE_REPORT_DIR/gate.env"') != 0
                }
            }
        }
    } finally {
        publish(config)
    }
    if (code == 1) {
        conclude(config.onFail, 'Anchore gate: the policy said no (exit code 1), see the log and the reports')
    } else if (code == 2) {
        error 'Anchore gate: usage or configuration (exit code 2), see the log'
    }
    if (!isJudged || !(code in [0, 1])) {
        code = isJudged ? code : 3
        conclude(config.onError, "Anchore gate: no verdict (exit code ${code}), see the log")
    }
    return [exitCode: code, verdict: [0: 'pass', 1: 'fail', 2: 'usage'].get(code, 'error'), reportDir: config.reportDir]
}

// Whether an image without verdict may go on. The gate is told so: the policy's no to another image must stand.
boolean isLenient(Map config) {
    return config.onError != 'failure' && config.reportDir
}

// Words of the Anchore Jenkins plugin, each with a note on the new one.
Map translated(Map args) {
    Map words = [
        name: 'imagesFile', bailOnFail: 'onFail', bailOnPluginFail: 'onError', policyBundleId: 'policyId', engineurl: 'url',
        engineaccount: 'account', engineCredentialsId: 'anchoreCredentialsId', engineverify: 'insecure',
        forceAnalyze: 'force', autoSubscribeTagUpdates: 'subscribe',
    ]
    Map leftOut = [
        engineRetries: "write 'timeout', the seconds of the whole run",
        engineRetryInterval: "write 'timeout', the seconds of the whole run",
        excludeFromBaseImage: "it changed the report alone; 'excludeInherited' changes the verdict",
    ]
    Map given = [:]
    for (String key in new ArrayList(args.keySet())) {
        Object value = args[key]
        if (leftOut.containsKey(key)) {
            echo "anchoreGate: '${key}' is left out: ${leftOut[key]}"
        } else if (words.containsKey(key)) {
            echo "anchoreGate: '${key}' is a word of the Anchore plugin; write '${words[key]}'"
            given[words[key]] = inOurWords(key, value)
        } else if (key == 'annotations' && value instanceof List) {
            given.annotations = lines(value)
        } else {
            given[key] = value
        }
    }
    return given
}

Object inOurWords(String key, Object value) {
    if (key in ['bailOnFail', 'bailOnPluginFail']) {
        return value ? 'failure' : 'ignore'
    }
    if (key == 'engineverify') {
        return !value
    }
    if (key == 'autoSubscribeTagUpdates') {
        return value ? 'tag_update' : ''
    }
    return value
}

// The plugin's annotations: a list of [key: ..., value: ...].
List lines(List annotations) {
    List found = []
    for (Object one in annotations) {
        found.add(one instanceof Map ? "${one.key}=${one.value}".toString() : one.toString())
    }
    return found
}

List environmentOf(Map config) {
    Map variables = [
        // made from inputs.json: variables
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
        incomparable: 'ANCHORE_GATE_INCOMPARABLE',
        analyzerConfig: 'ANCHORE_GATE_ANALYZER_CONFIG',
        registryHost: 'ANCHORE_GATE_REGISTRY_HOST',
        registryCert: 'ANCHORE_GATE_REGISTRY_CERT',
        registryKey: 'ANCHORE_GATE_REGISTRY_KEY',
        dbCa: 'ANCHORE_GATE_DB_CA',
        engine: 'ANCHORE_GATE_ENGINE',
        login: 'ANCHORE_GATE_LOGIN',
        account: 'ANCHORE_GATE_ACCOUNT',
        ca: 'ANCHORE_GATE_CA',
        cert: 'ANCHORE_GATE_CERT',
        key: 'ANCHORE_GATE_KEY',
        insecure: 'ANCHORE_GATE_INSECURE',
        force: 'ANCHORE_GATE_FORCE',
        subscribe: 'ANCHORE_GATE_SUBSCRIBE',
        keepPolicy: 'ANCHORE_GATE_KEEP_POLICY',
        quiet: 'ANCHORE_GATE_QUIET',
        verbose: 'ANCHORE_GATE_VERBOSE',
        // end of variables
    ]
    List pairs = ['ANCHORE_GATE_CI=jenkins', 'ANCHORE_GATE_COMMAND=' + config.command]
    if (isLenient(config)) {
        pairs.add('ANCHORE_GATE_ON_ERROR=warn')
    }
    for (String key in new ArrayList(variables.keySet())) {
        String text = asText(config[key])
        if (text) {
            pairs.add(variables[key] + '=' + text)
        }
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

void withSecrets(Map config, Closure body) {
    List bindings = []
    if (config.credentialsId) {
        bindings.add(usernamePassword(credentialsId: config.credentialsId,
                                      usernameVariable: 'ANCHORE_GATE_REGISTRY_USERNAME',
                                      passwordVariable: 'ANCHORE_GATE_REGISTRY_PASSWORD'))
    }
    if (config.anchoreCredentialsId) {
        bindings.add(usernamePassword(credentialsId: config.anchoreCredentialsId,
                                      usernameVariable: 'ANCHORE_GATE_USERNAME',
                                      passwordVariable: 'ANCHORE_GATE_PASSWORD'))
    }
    if (bindings) {
        withCredentials(bindings) { body() }
    } else {
        body()
    }
}

void publish(Map config) {
    if (config.publishJunit) {
        // The gate decides the build's result, not the junit step.
        junit testResults: "${config.reportDir}/junit.xml", allowEmptyResults: true, skipMarkingBuildUnstable: true
    }
    if (config.publishHtml) {
        publishHTML target: [reportDir: config.reportDir, reportFiles: 'report.html', reportName: 'Anchore gate',
                             keepAll: true, alwaysLinkToLastBuild: true, allowMissing: true]
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
