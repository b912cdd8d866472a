package estimate

// DailyImports is how many imports the service is said to take of one tenant in a day, refused ones counted. It is
// documented nowhere.
const DailyImports = 1000
