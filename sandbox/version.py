"""The version of the distribution."""

NAME = "aikraft-sandbox"
VERSION = "0.1.0"
