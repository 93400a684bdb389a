"""`python -m deploy`: the command `causo`, also where no script was installed."""

from deploy.cli import main

if __name__ == "__main__":
    main()
