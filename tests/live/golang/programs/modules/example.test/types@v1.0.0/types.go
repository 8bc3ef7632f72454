package types

type Limit int

const Most Limit = 7
