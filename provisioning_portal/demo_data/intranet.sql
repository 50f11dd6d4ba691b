-- The demo's connected system: the user database of a fictional intranet.
CREATE TABLE IF NOT EXISTS people (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    login TEXT NOT NULL UNIQUE,
    full_name TEXT,
    given_name TEXT,
    family_name TEXT,
    email TEXT,
    job_title TEXT,
    department TEXT,
    employee_number TEXT,
    active BOOLEAN NOT NULL DEFAULT TRUE,
    portal_id TEXT UNIQUE
);
CREATE TABLE IF NOT EXISTS teams (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    portal_id TEXT UNIQUE
);
CREATE TABLE IF NOT EXISTS team_members (
    team_id INTEGER NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    person_id INTEGER NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    PRIMARY KEY (team_id, person_id)
);
