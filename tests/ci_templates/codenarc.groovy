// What CodeNarc asks of Groovy that Jenkins runs. Its rules for the CPS transformation look at Jenkinsfiles alone
// unless told otherwise; a shared library's step is transformed too.
ruleset {
    ruleset('rulesets/jenkins.xml') {
        ['ParameterOrReturnTypeNotSerializable', 'ObjectOverrideOnlyNonCpsMethods', 'ForbiddenCallInCpsMethod',
         'ExpressionInCpsMethodNotSerializable', 'CpsCallFromNonCpsMethod', 'ClosureInGString',
         'ClassNotSerializable'].each { String name -> "$name" { applyToFileNames = '*' } }
    }
    ruleset('rulesets/basic.xml')
    ruleset('rulesets/unused.xml') {
        'UnusedVariable' { ignoreVariableNames = '_' } // @Library('anchore-gate') _
    }
    ruleset('rulesets/imports.xml')
    ruleset('rulesets/exceptions.xml')
    ruleset('rulesets/groovyism.xml')
    ruleset('rulesets/security.xml')
}
