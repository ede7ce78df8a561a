CREATE TABLE batches (number INTEGER PRIMARY KEY, queue TEXT NOT NULL, tasks TEXT NOT NULL);
CREATE TABLE members (
     idx INTEGER PRIMARY KEY,
     queue TEXT NOT NULL,
     name TEXT,
     state TEXT NOT NULL,
     result TEXT,
     error TEXT
   );
INSERT INTO "members" VALUES(0,'push','half-a','done','{"type":"application/json","text":"{\"fine\":true}"}',NULL);
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO "meta" VALUES('group','{"name":"half","onFailure":"all","state":"running","total":2,"queues":["push"],"first":{"index":0,"batch":0},"batches":1,"formerQueues":[],"open":false,"createdAt":2524609033423,"then":{"queue":"push","task":{"url":"/ok","name":"half-then"}}}');
INSERT INTO "meta" VALUES('schema','1');
