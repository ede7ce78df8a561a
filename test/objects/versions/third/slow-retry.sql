CREATE TABLE accepted_groups (
  grp TEXT PRIMARY KEY,
  batch INTEGER NOT NULL,
  cancelled INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE expired (
     key INTEGER PRIMARY KEY,
     name TEXT NOT NULL,
     named INTEGER NOT NULL,
     created INTEGER NOT NULL,
     due INTEGER NOT NULL,
     spec TEXT,
     progress TEXT,
     body BLOB
   );
INSERT INTO "expired" VALUES(3363416584192000,'late',1,2524609025000,2524609026000,'{"expires":2}','{"retryCount":0,"executionCount":0,"attempts":[],"expired":true}',NULL);
CREATE TABLE expiries (
     at INTEGER NOT NULL,
     name TEXT NOT NULL,
     PRIMARY KEY (at, name)
   ) WITHOUT ROWID;
INSERT INTO "expiries" VALUES(2524609151000,'expiring');
INSERT INTO "expiries" VALUES(2524609931000,'goes');
CREATE TABLE failed (
     key INTEGER PRIMARY KEY,
     name TEXT NOT NULL,
     named INTEGER NOT NULL,
     created INTEGER NOT NULL,
     due INTEGER NOT NULL,
     spec TEXT,
     progress TEXT,
     body BLOB
   );
CREATE TABLE group_events (row INTEGER PRIMARY KEY, grp TEXT NOT NULL, entries TEXT NOT NULL);
CREATE TABLE known_queues (name TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE large_results (
  key INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  type TEXT,
  body BLOB NOT NULL
);
CREATE TABLE members (
     idx INTEGER PRIMARY KEY,
     queue TEXT NOT NULL,
     name TEXT,
     state TEXT NOT NULL,
     result TEXT,
     error TEXT
   );
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO "meta" VALUES('bucket','{"level":{"tokens":-2,"at":2524609029000},"shape":{"capacity":100,"rate":100}}');
INSERT INTO "meta" VALUES('config','"{\"name\":\"slow-retry\",\"mode\":\"push\",\"rate\":100,\"rateText\":\"100/s\",\"bucketSize\":100,\"maxConcurrentRequests\":1000,\"retry\":{\"minBackoff\":600,\"maxBackoff\":3600,\"maxDoublings\":16,\"limit\":5},\"acl\":[],\"tombstoneTtl\":777600,\"keepFailed\":604800}"');
INSERT INTO "meta" VALUES('listed','true');
INSERT INTO "meta" VALUES('marks','[{"at":2524609025000,"kind":"paused"},{"at":2524609029000,"kind":"resumed"}]');
INSERT INTO "meta" VALUES('name','"slow-retry"');
INSERT INTO "meta" VALUES('paused','false');
INSERT INTO "meta" VALUES('ruled','true');
INSERT INTO "meta" VALUES('schema','11');
INSERT INTO "meta" VALUES('sweepAt','2525213827000');
CREATE TABLE names (
     name TEXT PRIMARY KEY,
     state TEXT NOT NULL,
     key INTEGER,
     expires INTEGER,
     record TEXT
   , type TEXT, body BLOB) WITHOUT ROWID;
INSERT INTO "names" VALUES('burst','live',3360941789184001,NULL,NULL,NULL,NULL);
INSERT INTO "names" VALUES('expiring','live',3360939585536000,NULL,NULL,NULL,NULL);
INSERT INTO "names" VALUES('goes','live',3360941797376000,NULL,NULL,NULL,NULL);
INSERT INTO "names" VALUES('late','failed',3363416584192000,2525386627000,'{"createdAt":2524609025000,"endedAt":2524609027000,"progress":{"retryCount":0,"executionCount":0,"attempts":[],"expired":true}}',NULL,NULL);
INSERT INTO "names" VALUES('once','live',3360941789184000,NULL,NULL,NULL,NULL);
INSERT INTO "names" VALUES('waits','live',3360943026176000,NULL,NULL,NULL,NULL);
CREATE TABLE outbox (key INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE parts (number INTEGER PRIMARY KEY, queue TEXT NOT NULL, tasks TEXT NOT NULL);
CREATE TABLE recurring (
     name TEXT PRIMARY KEY,
     schedule TEXT NOT NULL,
     handled INTEGER NOT NULL,
     paused INTEGER NOT NULL,
     last TEXT
   ) WITHOUT ROWID;
CREATE TABLE removed_queues (name TEXT PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE successors (
     name TEXT PRIMARY KEY,
     due INTEGER NOT NULL,
     created INTEGER NOT NULL,
     spec TEXT,
     body BLOB
   );
INSERT INTO "successors" VALUES('burst',2524609032000,2524609031000,'{"debounce":{"seconds":1},"since":2524609031000}','second');
CREATE TABLE tags (tag TEXT, key INTEGER, PRIMARY KEY (tag, key)) WITHOUT ROWID;
CREATE TABLE tasks (
     key INTEGER PRIMARY KEY,
     name TEXT NOT NULL,
     named INTEGER NOT NULL,
     created INTEGER NOT NULL,
     spec TEXT,
     progress TEXT,
     body BLOB
   , lease INTEGER);
INSERT INTO "tasks" VALUES(3360939585536000,'expiring',1,2524609031000,'{"expires":120}',NULL,NULL,NULL);
INSERT INTO "tasks" VALUES(3360941789184000,'once',1,2524609025000,'{"throttle":{"seconds":1200}}','{"retryCount":1,"executionCount":1,"attempts":[{"dueAt":2524609025000,"startedAt":2524609029000,"endedAt":2524609029000,"status":500,"error":"no"}],"firstStartedAt":2524609029000,"serverErrorCount":1,"previousResponse":500,"retryReason":"handler answered 500"}','throttled',NULL);
INSERT INTO "tasks" VALUES(3360941789184001,'burst',1,2524609025000,'{"debounce":{"seconds":1},"since":2524609025000}','{"retryCount":1,"executionCount":1,"attempts":[{"dueAt":2524609026000,"startedAt":2524609029000,"endedAt":2524609029000,"status":500,"error":"no"}],"firstStartedAt":2524609029000,"serverErrorCount":1,"previousResponse":500,"retryReason":"handler answered 500"}','first',NULL);
INSERT INTO "tasks" VALUES(3360941797376000,'goes',1,2524609031000,'{"expires":900}',NULL,NULL,NULL);
INSERT INTO "tasks" VALUES(3360943026176000,'waits',1,2524609031000,'{"debounce":{"seconds":900,"max":1800},"since":2524609031000}',NULL,'debounced',NULL);
CREATE VIEW joined AS SELECT grp, batch AS part, cancelled FROM accepted_groups;
CREATE VIEW news AS SELECT row, grp, entries FROM group_events;
CREATE VIEW results AS
    SELECT key, name, type, body FROM large_results
    UNION ALL SELECT -1, name, type, body FROM names WHERE body IS NOT NULL;
CREATE TRIGGER joined_remove INSTEAD OF DELETE ON joined BEGIN
     DELETE FROM accepted_groups WHERE grp = old.grp;
   END;
CREATE TRIGGER news_put INSTEAD OF INSERT ON news BEGIN
     INSERT OR REPLACE INTO group_events (row, grp, entries) VALUES (new.row, new.grp, new.entries);
   END;
CREATE TRIGGER news_remove INSTEAD OF DELETE ON news BEGIN
     DELETE FROM group_events WHERE row = old.row;
   END;
CREATE TRIGGER results_put INSTEAD OF INSERT ON results BEGIN
    INSERT INTO large_results (key, name, type, body)
      VALUES (new.key, new.name, new.type, new.body);
  END;
CREATE TRIGGER results_remove INSTEAD OF DELETE ON results BEGIN
    DELETE FROM large_results WHERE key = old.key;
  END;
