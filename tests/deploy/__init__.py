"""Tests of the deployment: private servers, the command, the checks."""
