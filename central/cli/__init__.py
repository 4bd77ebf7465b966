"""The command line of central: thin commands over the services, in words for whoever runs the court."""
