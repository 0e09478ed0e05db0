"""The Data page: the CSV doctor, roles of columns, linearisation and split."""
