        stage('Build') {
            steps {
                sh 'docker build --file "@DOCKERFILE@" --tag "@IMAGE@" .'
                sh 'docker save --output "@ARCHIVE@" "@IMAGE@"'
            }
        }
