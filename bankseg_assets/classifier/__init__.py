"""The naive Bayes classifier: fitting, calibration, evaluation."""
