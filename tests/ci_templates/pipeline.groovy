/*
 * A small Jenkins: runs the shared library's step with real `sh`, and tells what the build would have become.
 * Usage: groovy pipeline.groovy STEP.groovy CASES.json; CASES is a list of {args, environment, credentials}.
 * Prints one JSON object a case: result, returned, echoed, junit, archived, log.
 */
import groovy.json.JsonOutput
import groovy.json.JsonSlurper

class BuildFailed extends RuntimeException {
    BuildFailed(String message) { super(message) }
}

abstract class Steps extends Script {
    Map build
    String result = 'SUCCESS'
    List log = [], junitFiles = [], archived = []
    Map variables = [:]

    // A script's properties are its binding's variables: a field is set from inside only.
    void begin(Map asked) { build = asked }

    void echo(Object text) { log << text.toString() }

    void error(Object text) {
        result = 'FAILURE'
        log << text.toString()
        throw new BuildFailed(text.toString())
    }

    void unstable(Object text) {
        result = 'UNSTABLE'
        log << text.toString()
    }

    void withEnv(List pairs, Closure body) {
        pairs.each { assert it instanceof Serializable && it.contains('=') }
        Map saved = new LinkedHashMap(variables)
        pairs.each { String pair -> variables[pair.substring(0, pair.indexOf('='))] = pair.substring(pair.indexOf('=') + 1) }
        try { body() } finally { variables = saved }
    }

    Map usernamePassword(Map args) { return args }

    void withCredentials(List bindings, Closure body) {
        List pairs = []
        bindings.each { Map one ->
            Map found = build.credentials[one.credentialsId]
            if (found == null) { error("no credentials ${one.credentialsId}") }
            pairs << one.usernameVariable + '=' + found.username << one.passwordVariable + '=' + found.password
        }
        withEnv(pairs.collect { it.toString() }, body)
    }

    Object sh(Map args) {
        ProcessBuilder builder = new ProcessBuilder('sh', '-xe', '-c', args.script.toString())
        builder.directory(new File(build.workspace)).redirectErrorStream(true)
        builder.environment().putAll(build.environment)
        builder.environment().putAll(variables)
        Process process = builder.start()
        String output = process.inputStream.text
        int code = process.waitFor()
        build.credentials.values().each { output = output.replace(it.password, '****') }
        log << output
        if (args.returnStatus) { return code }
        if (code != 0) { error("script returned exit code ${code}") }
        return null
    }

    void junit(Map args) {
        File file = new File(build.workspace, args.testResults.toString())
        if (file.exists()) {
            def suites = new XmlSlurper().parse(file)
            junitFiles << [path: args.testResults.toString(), tests: suites.testsuite.testcase.size()]
        } else if (!args.allowEmptyResults) {
            error("no test report files were found: ${args.testResults}")
        }
    }

    void archiveArtifacts(Map args) { archived << args.artifacts.toString() }
}

def configuration = new org.codehaus.groovy.control.CompilerConfiguration()
configuration.scriptBaseClass = Steps.name
def cases = new JsonSlurper().parse(new File(args[1]))
cases.each { Map build ->
    def step = new GroovyShell(this.class.classLoader, new Binding(), configuration).parse(new File(args[0]))
    step.begin(build)
    def returned = null
    try {
        returned = step.call(build.args)
    } catch (BuildFailed problem) {
        assert step.result == 'FAILURE'
    }
    println JsonOutput.toJson([
        result: step.result, returned: returned, junit: step.junitFiles, archived: step.archived, log: step.log.join('\n'),
    ])
}
