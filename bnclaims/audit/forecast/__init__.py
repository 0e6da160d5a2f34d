"""What an audit will take and what it will be able to see, told before anything is trained."""
