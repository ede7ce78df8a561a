CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO "meta" VALUES('schema','1');
CREATE TABLE schedules (
     name TEXT PRIMARY KEY,
     schedule TEXT NOT NULL,
     handled INTEGER NOT NULL,
     paused INTEGER NOT NULL,
     last TEXT
   ) WITHOUT ROWID;
INSERT INTO "schedules" VALUES('hourly','every 1 hours UTC',2524609033131,0,NULL);
INSERT INTO "schedules" VALUES('nightly','every day 03:00 UTC',2524609033131,1,NULL);
