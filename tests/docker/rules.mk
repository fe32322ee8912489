.PHONY: docker-test
docker-test: ## docker/Dockerfile, step by step in a debootstrap folder (needs root; some minutes)
	tests/docker/follow_dockerfile.py
