"""kslint: what the cluster will make of your model-serving manifests, checked before deploy."""

__version__ = "0.1.0"
REPORT_URL = "https://github.com/kslint/kslint/issues"
SITE_URL = "https://kslint.github.io/kslint"
