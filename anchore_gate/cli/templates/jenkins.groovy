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
        stage('Gate') {
            steps {
                sh 'command -v anchore-gate || python3 -m pip install --quiet anchore-gate'
                sh 'anchore-gate check'
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
