/*
 * A small Jenkins: runs a shared library's step, or a Jenkinsfile that uses it, with real `sh`, and tells what the
 * build would have become. Usage: groovy jenkins.groovy STEP.groovy CASES.json; CASES is a list of
 * {args or jenkinsfile, workspace, environment, credentials}. Prints one JSON object a case, in their order:
 * result, returned, junit, archived, pages, stages, description, leaked (a secret had to be masked), log.
 *
 * Of declarative pipelines it knows agent, options, triggers, environment, stages, stage, when, steps, script and post.
 */
import groovy.json.JsonOutput
import groovy.json.JsonSlurper
import java.util.concurrent.Callable
import java.util.concurrent.Executors

class BuildFailed extends RuntimeException {
    BuildFailed(String message) { super(message) }
}

@interface Library {
    String[] value()
}

/** What one build knows: shared by the Jenkinsfile and the steps of its library. */
class Build {
    Map asked
    Class library
    String result = 'SUCCESS', description = ''
    boolean leaked = false
    List log = [], junit = [], archived = [], pages = [], stages = []
    Map variables = [:]

    Map getEnvironment() { asked.environment + variables }

    void worsen(String word) {
        List order = ['SUCCESS', 'UNSTABLE', 'FAILURE']
        if (order.indexOf(word) > order.indexOf(result)) { result = word }
    }

    String masked(String text) {
        String shown = text
        asked.credentials.values().each { shown = shown.replace(it.password, '****') }
        leaked |= shown != text
        return shown
    }
}

abstract class Steps extends Script {
    Build build

    // A script's properties are its binding's variables: a field is set from inside only.
    void begin(Build started) { build = started }

    // What a step is given travels to an agent: Jenkins fails where it cannot be serialized.
    static void send(Object args) { new ObjectOutputStream(new ByteArrayOutputStream()).writeObject(args) }

    void echo(Object text) { build.log << text.toString() }

    void error(Object text) {
        build.worsen('FAILURE')
        build.log << text.toString()
        throw new BuildFailed(text.toString())
    }

    void unstable(Object text) {
        build.worsen('UNSTABLE')
        build.log << text.toString()
    }

    void withEnv(List pairs, Closure body) {
        send(pairs)
        Map saved = new LinkedHashMap(build.variables)
        pairs.each { String pair ->
            assert pair.contains('=')
            build.variables[pair.substring(0, pair.indexOf('='))] = pair.substring(pair.indexOf('=') + 1)
        }
        try { body() } finally { build.variables = saved }
    }

    Map usernamePassword(Map args) { return args }

    void withCredentials(List bindings, Closure body) {
        send(bindings)
        List pairs = []
        bindings.each { Map one ->
            Map found = build.asked.credentials[one.credentialsId]
            if (found == null) { error("no credentials ${one.credentialsId}") }
            pairs << one.usernameVariable + '=' + found.username << one.passwordVariable + '=' + found.password
        }
        withEnv(pairs.collect { it.toString() }, body)
    }

    Object sh(String script) { sh(script: script) }

    Object sh(Map args) {
        send(args)
        ProcessBuilder builder = new ProcessBuilder('sh', '-xe', '-c', args.script.toString())
        builder.directory(new File(build.asked.workspace)).redirectErrorStream(true)
        builder.environment().putAll(build.environment)
        Process process = builder.start()
        build.log << build.masked(process.inputStream.text)
        int code = process.waitFor()
        if (args.returnStatus) { return code }
        if (code != 0) { error("script returned exit code ${code}") }
        return null
    }

    void junit(Map args) {
        send(args)
        File file = new File(build.asked.workspace, args.testResults.toString())
        if (file.exists()) {
            def cases = new XmlSlurper().parse(file).testsuite.testcase
            Closure count = { String name -> cases.findAll { !it."$name".isEmpty() }.size() }
            int red = count('failure') + count('error')
            build.junit << [path: args.testResults.toString(), tests: cases.size(), red: red]
            if (red && !args.skipMarkingBuildUnstable) { build.worsen('UNSTABLE') }
        } else if (!args.allowEmptyResults) {
            error("no test report files were found: ${args.testResults}")
        }
    }

    void archiveArtifacts(Map args) {
        send(args)
        build.archived << args.artifacts.toString()
    }

    void publishHTML(Map args) {
        send(args)
        File file = new File(build.asked.workspace, "${args.target.reportDir}/${args.target.reportFiles}")
        if (!file.exists()) { error("no page ${file}") }
        build.pages << "${args.target.reportDir}/${args.target.reportFiles}".toString()
    }

    Object anchoreGate(Map args) {
        Steps step = build.library.newInstance() as Steps
        step.begin(build)
        return step.call(args)
    }

    Map getEnv() { return build.environment }

    Build getCurrentBuild() { return build }

    Object script(Closure body) { body() }

    void parallel(Map branches) {
        List failed = []
        branches.each { name, body ->
            build.stages << name
            try { body() } catch (BuildFailed problem) { failed << problem }
        }
        if (failed) { throw failed[0] }
    }

    // A scripted pipeline. The workspace holds what would be checked out.
    Object getScm() { 'scm' }

    void checkout(Object source) { }

    Object node(Closure body) { body() }

    Object stage(String name, Closure body) {
        build.stages << name
        body()
    }

    // A declarative one.
    void pipeline(Closure body) {
        Declared declared = new Declared(build: build)
        declared.read(body)
        withEnv(declared.environment.collect { name, value -> "${name}=${value}".toString() }) {
            try {
                declared.stages.each { name, stage -> runStage(name, stage) }
            } catch (BuildFailed problem) {
                build.worsen('FAILURE')
                throw problem
            } finally {
                runPost(declared.post)
            }
        }
    }

    void runStage(String name, Stage stage) {
        if (stage.condition != null && !stage.condition.call()) { return }
        build.stages << name
        try { asStep(stage.steps) } finally { runPost(stage.post) }
    }

    void runPost(Map conditions) {
        conditions.each { name, body ->
            if (name == 'always' || name.toUpperCase() == build.result) { asStep(body) }
        }
    }

    void asStep(Closure body) {
        body.delegate = this
        body.resolveStrategy = Closure.DELEGATE_FIRST
        body()
    }
}

/** Reads blocks: a closure's words are looked for here first. */
class Reader {
    void read(Closure body) {
        body.delegate = this
        body.resolveStrategy = Closure.DELEGATE_FIRST
        body()
    }
}

class Names extends Reader {
    Map found = [:]

    Object invokeMethod(String name, Object args) {
        if (name == 'read') { return metaClass.getMetaMethod('read', [Closure] as Class[]).invoke(this, args) }
        found[name] = (args as List)[0]
    }
}

class Variables extends Reader {
    Map found = [:]

    void setProperty(String name, Object value) { found[name] = value.toString() }
}

class Stage extends Reader {
    Build build
    Closure steps, condition
    Map post = [:]

    void steps(Closure body) { steps = body }

    void when(Closure body) { read(body) }

    void changeRequest() { condition = { build.environment.CHANGE_ID != null } }

    void post(Closure body) {
        Names names = new Names()
        names.read(body)
        post = names.found
    }
}

class Declared extends Reader {
    Build build
    Map environment = [:], stages = [:], post = [:]
    Object any = 'any', none = 'none'

    void agent(Object where) { }

    void options(Closure body) { }

    void triggers(Closure body) { }

    void environment(Closure body) {
        Variables variables = new Variables()
        variables.read(body)
        environment = variables.found
    }

    void stages(Closure body) { read(body) }

    void stage(String name, Closure body) {
        Stage one = new Stage(build: build)
        one.read(body)
        stages[name] = one
    }

    void post(Closure body) {
        Names names = new Names()
        names.read(body)
        post = names.found
    }
}

def configuration = new org.codehaus.groovy.control.CompilerConfiguration()
configuration.scriptBaseClass = Steps.name
Closure compiled = { String path ->
    new GroovyShell(this.class.classLoader, new Binding(), configuration).parse(new File(path)).class
}
Class library = compiled(args[0])
def workers = Executors.newFixedThreadPool(3)
def running = new JsonSlurper().parse(new File(args[1])).collect { Map asked ->
    workers.submit({
        Build build = new Build(asked: asked, library: library)
        Steps script = (asked.jenkinsfile ? compiled(asked.jenkinsfile) : library).newInstance() as Steps
        script.begin(build)
        def returned = null
        try {
            returned = asked.jenkinsfile ? script.run() : script.call(asked.args)
        } catch (BuildFailed problem) {
            assert build.result == 'FAILURE'
        }
        return [
            result: build.result, returned: returned instanceof Map ? returned : null, junit: build.junit,
            archived: build.archived, pages: build.pages, stages: build.stages, description: build.description, leaked: build.leaked, log: build.log.join('\n'),
        ]
    } as Callable)
}
running.each { println JsonOutput.toJson(it.get()) }
workers.shutdown()
