pipeline {
    agent any
    environment {
        ANCHORE_GATE_IMAGES = '@ARCHIVE@'
        ANCHORE_GATE_TAG = '@IMAGE@'
        ANCHORE_GATE_DOCKERFILE = '@DOCKERFILE@'
        ANCHORE_GATE_POLICY = '@POLICY@'
        ANCHORE_GATE_REPORT_DIR = 'anchore-gate-reports'
    }
    stages {
        // @BUILD@
        stage('Gate') {
            steps {
                // A virtual environment: the agent's Python may let nobody install into it.
                sh 'command -v anchore-gate || (python3 -m venv .anchore-gate && .anchore-gate/bin/pip install --quiet anchore-gate)'
                sh 'PATH="$PATH:$PWD/.anchore-gate/bin" anchore-gate check'
            }
        }
    }
    post {
        always {
            junit testResults: 'anchore-gate-reports/junit.xml', allowEmptyResults: true, skipMarkingBuildUnstable: true
            archiveArtifacts artifacts: 'anchore-gate-reports/**', allowEmptyArchive: true
        }
    }
}
