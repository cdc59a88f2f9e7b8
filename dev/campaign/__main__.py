"""python -m dev.campaign: see --help."""

from dev.campaign.main import main

if __name__ == "__main__":
    main()
