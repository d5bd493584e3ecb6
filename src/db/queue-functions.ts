/**
 * What `app` may do with the job queue: add a job. graphile-worker's tables have row-level security without policies, so
 * the function runs as `jobs`, who owns them. Run by `jobs` after each migration of the queue.
 */
export const queueFunctions = `
do $$ begin if to_regnamespace('work') is null then create schema work; end if; end $$;
drop function if exists work.enqueue(text, jsonb, timestamptz, text);
create or replace function work.enqueue(task text, payload jsonb, run_at timestamptz default now(), job_key text default null,
  job_key_mode text default 'replace')
returns void language sql security definer set search_path = pg_catalog, pg_temp
as $$ select from graphile_worker.add_job(task, payload => payload::json, run_at => run_at, job_key => job_key, job_key_mode => job_key_mode) $$;
revoke all on function work.enqueue(text, jsonb, timestamptz, text, text) from public;
grant usage on schema work to app;
grant execute on function work.enqueue(text, jsonb, timestamptz, text, text) to app;
`
