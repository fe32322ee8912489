.PHONY: fresh-debian
fresh-debian: ## README's two commands in a debootstrap of Debian 12 (needs root; ten minutes)
	tests/fresh/fresh-debian.sh
