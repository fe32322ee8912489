# The storm: kills at random moments; nothing that was acknowledged may slip back.

.PHONY: chaos chaos-short
chaos: all ## kills pawld 50 times and PostgreSQL 20 times under load (five minutes; CHAOS_SEED=N)
	@tests/chaos/chaos.py $(B)

chaos-short: all
	@tests/chaos/chaos.py $(B) --short
