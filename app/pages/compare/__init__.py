"""The Compare page: outputs of several systems beside each other."""
