"""What stands around people: org units, groups and memberships, of files of their own or of people's."""
