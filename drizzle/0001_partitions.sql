-- Partitions by the time in the id (UUIDv7 form: the first 48 bits are milliseconds since 1970). The first and the last
-- have open ends instead of a DEFAULT partition: with a default one Postgres would have to merge all partitions for
-- "newest first", without it reads them one after another and stops when the page is full.
create table security_event_before_2019 partition of security_event for values from (minvalue) to ('016806b5-bc00-0000-0000-000000000000');
--> statement-breakpoint
create table security_event_2019 partition of security_event for values from ('016806b5-bc00-0000-0000-000000000000') to ('016f5e66-e800-0000-0000-000000000000');
--> statement-breakpoint
create table security_event_2020 partition of security_event for values from ('016f5e66-e800-0000-0000-000000000000') to ('0176bb3e-7000-0000-0000-000000000000');
--> statement-breakpoint
create table security_event_2021 partition of security_event for values from ('0176bb3e-7000-0000-0000-000000000000') to ('017e12ef-9c00-0000-0000-000000000000');
--> statement-breakpoint
create table security_event_2022 partition of security_event for values from ('017e12ef-9c00-0000-0000-000000000000') to ('01856aa0-c800-0000-0000-000000000000');
--> statement-breakpoint
create table security_event_2023 partition of security_event for values from ('01856aa0-c800-0000-0000-000000000000') to ('018cc251-f400-0000-0000-000000000000');
--> statement-breakpoint
create table security_event_2024 partition of security_event for values from ('018cc251-f400-0000-0000-000000000000') to ('01941f29-7c00-0000-0000-000000000000');
--> statement-breakpoint
create table security_event_2025 partition of security_event for values from ('01941f29-7c00-0000-0000-000000000000') to ('019b76da-a800-0000-0000-000000000000');
--> statement-breakpoint
create table security_event_2026 partition of security_event for values from ('019b76da-a800-0000-0000-000000000000') to ('01a2ce8b-d400-0000-0000-000000000000');
--> statement-breakpoint
create table security_event_2027 partition of security_event for values from ('01a2ce8b-d400-0000-0000-000000000000') to ('01aa263d-0000-0000-0000-000000000000');
--> statement-breakpoint
create table security_event_2028 partition of security_event for values from ('01aa263d-0000-0000-0000-000000000000') to ('01b18314-8800-0000-0000-000000000000');
--> statement-breakpoint
create table security_event_2029 partition of security_event for values from ('01b18314-8800-0000-0000-000000000000') to ('01b8dac5-b400-0000-0000-000000000000');
--> statement-breakpoint
create table security_event_2030 partition of security_event for values from ('01b8dac5-b400-0000-0000-000000000000') to ('01c03276-e000-0000-0000-000000000000');
--> statement-breakpoint
create table security_event_2031 partition of security_event for values from ('01c03276-e000-0000-0000-000000000000') to ('01c78a28-0c00-0000-0000-000000000000');
--> statement-breakpoint
create table security_event_2032 partition of security_event for values from ('01c78a28-0c00-0000-0000-000000000000') to ('01cee6ff-9400-0000-0000-000000000000');
--> statement-breakpoint
create table security_event_from_2033 partition of security_event for values from ('01cee6ff-9400-0000-0000-000000000000') to (maxvalue);
