FLASK_APP=roomful.serve:flask_app
