"""python -m campaign: see --help."""

from campaign.main import main

if __name__ == "__main__":
    main()
