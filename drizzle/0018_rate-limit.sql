CREATE TABLE "rate_limit" (
	"subject" uuid NOT NULL,
	"budget" text NOT NULL,
	"full_at" timestamp with time zone NOT NULL,
	CONSTRAINT "rate_limit_pkey" PRIMARY KEY("subject","budget")
);
